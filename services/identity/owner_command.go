package identity

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/kit/command"
)

// NewOwnerCommand returns the command that gives owners of the shop their links.
func NewOwnerCommand(at SocketOption) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "owner",
		Short: "Give owners of the shop their links, for whoever owns the shop's files",
		Args:  command.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return command.Usage("%s needs a command: create or link; see %[1]s --help", cmd.CommandPath())
		},
	}
	cmd.AddCommand(newOwnerCreate(at), newOwnerLink(at))
	return cmd
}

func newOwnerCreate(at SocketOption) *cobra.Command {
	return linkCommand(at, CreateLink, &cobra.Command{
		Use:   "create --email ADDRESS",
		Short: "Print a link with which somebody becomes an owner of the shop",
		Long: `Print a link with which somebody becomes an owner of the shop: it is good once, for 72 hours, and sets their password.
They will sign in with the address. Nothing is mailed: hand the link on yourself. Links of before, to the same address, are good no more.

` + aboutLinks(at),
		Example: fmt.Sprintf("  %s owner create --email ada@example.com", at.Program),
	})
}

func newOwnerLink(at SocketOption) *cobra.Command {
	var resetTotp bool
	cmd := linkCommand(at, func(ctx context.Context, socket, as, email string) (Link, error) {
		return RenewLink(ctx, socket, as, email, resetTotp)
	}, &cobra.Command{
		Use:   "link --email ADDRESS",
		Short: "Print another link for an owner who lost theirs, their password or their second factor",
		Long: `Print another link for an owner: one that sets another password, good for 30 minutes, or another invitation when they did not
accept theirs yet. A second factor stays as it is, unless --reset-totp has the link remove it with its recovery codes: for an owner who lost both.
Links of before are good no more.

` + aboutLinks(at),
		Example: fmt.Sprintf("  %[1]s owner link --email ada@example.com\n  %[1]s owner link --email ada@example.com --reset-totp", at.Program),
	})
	cmd.Flags().BoolVar(&resetTotp, "reset-totp", false, "have the link also remove the account's second factor")
	return cmd
}

func aboutLinks(at SocketOption) string {
	return `The shop hands it out over a Unix socket that only the user who runs the shop can open, ` + at.Usual + `, and logs that it did, not the link.

It exits 0 when it printed a link, 1 when no shop answered, 2 when there can be no such link.`
}

// linkCommand makes a command that requests a link of an owner and prints it.
func linkCommand(at SocketOption, request func(ctx context.Context, socket, as, email string) (Link, error), cmd *cobra.Command) *cobra.Command {
	var email string
	var asJSON bool
	find := at.AddFlags(cmd)
	cmd.Args = command.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if email == "" {
			return command.Usage("--email is missing: write the owner's e-mail address")
		}
		ctx, stop := command.Interruptible(cmd.Context())
		defer stop()
		socket, err := find()
		if err != nil {
			return err
		}
		link, err := request(ctx, socket, "owner", email)
		if err != nil {
			return explainOperator(err)
		}
		if asJSON {
			return json.NewEncoder(cmd.OutOrStdout()).Encode(link)
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), link.Link)
		return err
	}
	f := cmd.Flags()
	f.StringVar(&email, "email", "", "the owner's e-mail `address`")
	f.BoolVar(&asJSON, "json", false, "print a JSON object, with what the link is for and the time of its end")
	return cmd
}
