// Command shopmesh runs the whole shop in one process and looks after it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/telemetry"
	"github.com/shopmesh/shopmesh/services/identity"
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

// usage is the error of what was not tried.
func usage(format string, args ...any) error {
	return exitError{exitUsage, fmt.Errorf(format, args...)}
}

func main() {
	identity.HashPasswords()
	log, _ := app.LogFromEnv(os.Environ(), os.Stderr) // the commands that log report a wrong level
	telemetry.RouteLibraries(log)
	os.Exit(execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs a command line and returns the exit code. What a program may want
// to read goes to stdout, everything else to stderr.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	code := exitUsage // cobra's own errors are about arguments
	var exit exitError
	if errors.As(err, &exit) {
		code = exit.code
	}
	if text := strings.TrimSpace(err.Error()); text != "" {
		fmt.Fprintln(stderr, "shopmesh:", text)
	}
	return code
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "shopmesh",
		Short:         "Run a shop: products, stock, orders, payments and mails",
		Long:          "Shopmesh runs a shop in one process, with an embedded database, broker and mail inbox.\nBegin with: shopmesh up --demo",
		Version:       app.ReadBuild().Short(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate(app.ReadBuild().Line("shopmesh"))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(newUp(), newDemo(), newAudit(), newToken(), newServiceKeys(), newOwner(), newBackup(), newRestore(), newVersion())
	return root
}

// noArgs refuses arguments of a command that has flags only.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no argument, and got %q; see %[1]s --help", cmd.CommandPath(), args[0])
	}
	return nil
}

// oneArgument wants the one argument of a command, such as a file.
func oneArgument(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return fmt.Errorf("%s takes one %s, and got %d; see %[1]s --help", cmd.CommandPath(), what, len(args))
		}
		return nil
	}
}

// interruptible ends with SIGINT or SIGTERM.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
}
