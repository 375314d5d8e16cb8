// Command inbox is the built-in mail server as a program of its own, for shops on Kubernetes
// that are for development and tests: it takes mails over SMTP, keeps them in a folder, and shows
// them as pages (/inbox) and as JSON (/inbox.json).
//
// Neither port asks who calls. Whoever reaches that of the pages reads every customer's mail, the
// links that set passwords among them: in the mesh an AuthorizationPolicy admits operators alone.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/kit/telemetry"
)

func main() {
	log, _ := app.LogFromEnv(os.Environ(), os.Stderr) // run reports a wrong level
	telemetry.RouteLibraries(log)
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run runs a command line and returns the exit code.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	root := command.Root(&cobra.Command{
		Use:   "inbox",
		Short: "Take mails over SMTP, and show them",
		Long:  "Takes mails over SMTP and shows them over HTTP, until SIGTERM or SIGINT. It asks nobody who they are:\nwhoever reaches the pages reads every mail.\n\nEnvironment:\n" + aboutVariables(),
		Args:  command.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, config, problems := readConfig(environ, stderr)
			for _, problem := range problems {
				log.Error(fmt.Sprintf("inbox can't start: %v", problem))
			}
			if len(problems) > 0 {
				return command.Error{Code: command.ExitUsage}
			}
			if err := serve(cmd.Context(), config, log); err != nil {
				log.Error("the process failed", "error", err.Error())
				return command.Error{Code: command.ExitFailed}
			}
			log.Info("stopped")
			return nil
		},
	})
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(command.NewVersion())
	return command.Execute(ctx, root, args, stdout, stderr)
}

func aboutVariables() string {
	var b strings.Builder
	for _, v := range variables() {
		fmt.Fprintf(&b, "  %-28s %s\n", v.Name, v.About)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
