// Command shopmesh runs the whole shop in one process and looks after it.
package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/kit/telemetry"
	"github.com/shopmesh/shopmesh/services/identity"
)

func main() {
	identity.HashPasswords()
	log, _ := app.LogFromEnv(os.Environ(), os.Stderr) // the commands that log report a wrong level
	telemetry.RouteLibraries(log)
	os.Exit(execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs a command line and returns the exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return command.Execute(ctx, newRoot(), args, stdout, stderr)
}

func newRoot() *cobra.Command {
	root := command.Root(&cobra.Command{
		Use:   "shopmesh",
		Short: "Run a shop: products, stock, orders, payments and mails",
		Long:  "Shopmesh runs a shop in one process, with an embedded database, broker and mail inbox.\nBegin with: shopmesh up --demo",
	})
	root.AddCommand(newUp(), newDemo(), newAudit(), identity.NewTokenCommand(operatorSocket()), newServiceKeys(), identity.NewOwnerCommand(operatorSocket()), newBackup(), newRestore(), command.NewVersion())
	return root
}
