// Package command is what all programs with a command line share: the exit codes, the errors
// that carry them, the check of arguments, and the command version.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/kit/app"
)

// The exit codes of every command.
const (
	ExitFailed = 1 // it was tried and did not succeed, or an audit found something
	ExitUsage  = 2 // it was not tried: the arguments or the surroundings are wrong
)

// Error ends a program with an exit code.
type Error struct {
	Code int
	// Cause is printed; nil for nothing, where the log has it.
	Cause error
}

// Error implements error.
func (e Error) Error() string {
	if e.Cause == nil {
		return ""
	}
	return e.Cause.Error()
}

// Unwrap returns the cause.
func (e Error) Unwrap() error { return e.Cause }

// Failed is the error of what was tried and did not succeed.
func Failed(cause error) error { return Error{ExitFailed, cause} }

// NotTried is the error of what was not tried, because of cause.
func NotTried(cause error) error { return Error{ExitUsage, cause} }

// Usage is NotTried with a message.
func Usage(format string, args ...any) error { return NotTried(fmt.Errorf(format, args...)) }

// Root completes the command of a whole program and returns it: Execute prints its errors, and
// --version its build.
func Root(root *cobra.Command) *cobra.Command {
	root.Version = app.ReadBuild().Short()
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetVersionTemplate(app.ReadBuild().Line(root.Name()))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	})
	return root
}

// Execute runs a command line of a Root and returns the exit code. What a program may want to
// read goes to stdout, everything else to stderr.
func Execute(ctx context.Context, root *cobra.Command, args []string, stdout, stderr io.Writer) int {
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	code := ExitUsage // cobra's own errors are about arguments
	var exit Error
	if errors.As(err, &exit) {
		code = exit.Code
	}
	if text := strings.TrimSpace(err.Error()); text != "" {
		_, _ = fmt.Fprintf(stderr, "%s: %s\n", root.Name(), text)
	}
	return code
}

// NoArgs refuses arguments of a command that has flags only.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no argument, and got %q; see %[1]s --help", cmd.CommandPath(), args[0])
	}
	return nil
}

// OneArgument wants the one argument of a command, such as a file.
func OneArgument(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return fmt.Errorf("%s takes one %s, and got %d; see %[1]s --help", cmd.CommandPath(), what, len(args))
		}
		return nil
	}
}

// Interruptible ends with SIGINT or SIGTERM.
func Interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
}

// NewVersion returns the command version.
func NewVersion() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print version, commit, date and platform",
		Args:  NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(app.ReadBuild())
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), app.ReadBuild().Line(cmd.Root().Name()))
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}
