// Command shopmesh runs the whole shop in one process and looks after it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes of every command.
const (
	exitFailed = 1 // it was tried and did not succeed, or an audit found something
	exitUsage  = 2 // it was not tried: the arguments or the surroundings are wrong
)

// exitError ends the program with a code; its message, if any, is printed.
type exitError struct {
	code  int
	cause error
}

func (e exitError) Error() string {
	if e.cause == nil {
		return ""
	}
	return e.cause.Error()
}

func (e exitError) Unwrap() error { return e.cause }

// usage says that something was not tried.
func usage(format string, args ...any) error {
	return exitError{exitUsage, fmt.Errorf(format, args...)}
}

func main() {
	err := newRoot().ExecuteContext(context.Background())
	if err == nil {
		return
	}
	code := exitUsage // cobra's own errors are about arguments
	var exit exitError
	if errors.As(err, &exit) {
		code = exit.code
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(os.Stderr, "shopmesh:", text)
	}
	os.Exit(code)
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "shopmesh",
		Short:         "Run a shop: products, stock, orders, payments and mails",
		Long:          "Shopmesh runs a shop in one process, with an embedded database, broker and mail inbox.\nBegin with: shopmesh up --demo",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newUp(), newAudit(), newVersion())
	return root
}

// interruptible ends with SIGINT or SIGTERM.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
}
