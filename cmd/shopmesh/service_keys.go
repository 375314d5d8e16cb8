package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/services"
)

func newServiceKeys() *cobra.Command {
	return &cobra.Command{
		Use:   "service-keys DIRECTORY",
		Short: "Make the keys by which services that run alone know each other",
		Long: `Make the keys by which services that run as processes of their own know each other, in a directory: NAME.key is the private key
of a service, for its SHOPMESH_SERVICE_KEY_FILE and for nobody else, and ` + services.PublicKeysFile + ` has the public keys of all of them, for everybody's
SHOPMESH_SERVICE_KEYS. Keys that are there stay: to replace one, remove its file, make the keys again, and start all services again.
A shop in one process needs none of this.`,
		Example: "  shopmesh service-keys /etc/shopmesh/keys",
		Args:    command.OneArgument("directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := services.WriteServiceKeys(args[0], services.Contexts()...); err != nil {
				return command.Failed(fmt.Errorf("make the services' keys: %w", err))
			}
			for _, name := range services.Contexts() {
				_, _ = fmt.Fprintln(cmd.OutOrStdout(), filepath.Join(args[0], services.PrivateKeyFile(name)))
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), filepath.Join(args[0], services.PublicKeysFile))
			return err
		},
	}
}
