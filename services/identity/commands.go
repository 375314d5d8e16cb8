package identity

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/command"
)

// Commands returns what the program identity does beside serving. It is for whoever is the user
// that identity runs as, such as by kubectl exec: the image needs no other program.
func Commands() []kitapp.Command {
	run := func(args []string, stdout, stderr io.Writer) int {
		root := &cobra.Command{Use: Name}
		at := SocketOption{Program: Name, Usual: kitapp.OperatorSocketVariable, AddFlags: addSocketFlag}
		root.AddCommand(NewTokenCommand(at), NewOwnerCommand(at))
		return command.Execute(context.Background(), command.Root(root), args, stdout, stderr)
	}
	return []kitapp.Command{
		{Name: "token", About: "print an access token (see token --help)", Run: run},
		{Name: "owner", About: "give owners of the shop their links (see owner --help)", Run: run},
	}
}

// addSocketFlag finds the socket by the flag --socket, else by the variable of the service.
func addSocketFlag(cmd *cobra.Command) func() (string, error) {
	var socket string
	cmd.Flags().StringVar(&socket, "socket", os.Getenv(kitapp.OperatorSocketVariable), "`path` of the socket")
	return func() (string, error) {
		if socket == "" {
			return "", command.Usage("%s is not set: name the socket of the running service with --socket", kitapp.OperatorSocketVariable)
		}
		return socket, nil
	}
}
