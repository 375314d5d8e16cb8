package command_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/kit/command"
)

// The exit code of an error is that of what ended the program, however it was wrapped; what
// cobra refuses was not tried. The program's name begins what is printed.
func TestErrorsHaveExitCodes(t *testing.T) {
	t.Parallel()
	away := errors.New("the broker is away")
	for _, row := range []struct {
		err    error
		args   []string
		code   int
		stderr string
	}{
		{nil, nil, 0, ""},
		{command.Failed(away), nil, 1, "ship: the broker is away\n"},
		{fmt.Errorf("send: %w", command.Failed(away)), nil, 1, "ship: send: the broker is away\n"},
		{command.NotTried(away), nil, 2, "ship: the broker is away\n"},
		{command.Usage("--weight %d: give a number above 0", -1), nil, 2, "ship: --weight -1: give a number above 0\n"},
		{command.Error{Code: 7}, nil, 7, ""},
		{away, nil, 2, "ship: the broker is away\n"},
		{nil, []string{"parcel"}, 2, "ship: ship takes no argument, and got \"parcel\"; see ship --help\n"},
		{nil, []string{"--fast"}, 2, "ship: unknown flag: --fast; see ship --help\n"},
		{nil, []string{"version", "x"}, 2, "ship: ship version takes no argument, and got \"x\"; see ship version --help\n"},
	} {
		root := command.Root(&cobra.Command{Use: "ship", Args: command.NoArgs, RunE: func(*cobra.Command, []string) error { return row.err }})
		root.AddCommand(command.NewVersion())
		var stderr bytes.Buffer
		if code := command.Execute(t.Context(), root, row.args, io.Discard, &stderr); code != row.code || stderr.String() != row.stderr {
			t.Errorf("%v, %v: %d %q", row.err, row.args, code, &stderr)
		}
	}
	if !errors.Is(command.Failed(away), away) {
		t.Error("the cause is lost")
	}
}

// A command gets its one argument, or says which it takes.
func TestOneArgumentIsWanted(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {""}, {"a", "b"}, {"a"}} {
		got := ""
		root := command.Root(&cobra.Command{Use: "ship FILE", Args: command.OneArgument("file"), RunE: func(_ *cobra.Command, args []string) error {
			got = args[0]
			return nil
		}})
		var stderr bytes.Buffer
		code := command.Execute(t.Context(), root, args, io.Discard, &stderr)
		if right := len(args) == 1 && args[0] == "a"; right != (code == 0) || right != (got == "a") || right == strings.Contains(stderr.String(), "ship takes one file, and got") {
			t.Errorf("%q: %d %q", args, code, &stderr)
		}
	}
}
