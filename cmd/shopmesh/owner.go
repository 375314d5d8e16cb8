package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/access"
)

func newOwner() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "owner",
		Short: "Give owners of the shop their links, for whoever owns the shop's files",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("%s needs a command: create or link; see %[1]s --help", cmd.CommandPath())
		},
	}
	cmd.AddCommand(newOwnerCreate(), newOwnerLink())
	return cmd
}

func newOwnerCreate() *cobra.Command {
	return ownerCommand(access.CreateLink, &cobra.Command{
		Use:   "create --email ADDRESS",
		Short: "Print a link with which somebody becomes an owner of the shop",
		Long: `Print a link with which somebody becomes an owner of the shop: it is good once, for 72 hours, and sets their password.
They will sign in with the address. Nothing is mailed: hand the link on yourself. Links of before, to the same address, are good no more.

` + ownerAbout,
		Example: "  shopmesh owner create --email ada@example.com",
	})
}

func newOwnerLink() *cobra.Command {
	var resetTotp bool
	cmd := ownerCommand(func(ctx context.Context, socket, as, email string) (access.Link, error) {
		return access.RenewLink(ctx, socket, as, email, resetTotp)
	}, &cobra.Command{
		Use:   "link --email ADDRESS",
		Short: "Print another link for an owner who lost theirs, their password or their second factor",
		Long: `Print another link for an owner: one that sets another password, good for 30 minutes, or another invitation when they did not
accept theirs yet. A second factor stays as it is, unless --reset-totp has the link remove it with its recovery codes: for an owner who lost both.
Links of before are good no more.

` + ownerAbout,
		Example: "  shopmesh owner link --email ada@example.com\n  shopmesh owner link --email ada@example.com --reset-totp",
	})
	cmd.Flags().BoolVar(&resetTotp, "reset-totp", false, "have the link also remove the account's second factor")
	return cmd
}

const ownerAbout = `The shop hands it out over a Unix socket that only the user who runs the shop can open, DATA/operator.sock, and logs that it did, not the link.

It exits 0 when it printed a link, 1 when no shop answered, 2 when there can be no such link.`

// ownerCommand makes a command that requests a link and prints it.
func ownerCommand(request func(ctx context.Context, socket, as, email string) (access.Link, error), cmd *cobra.Command) *cobra.Command {
	var data, socket, email string
	var asJSON bool
	cmd.Args = noArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if email == "" {
			return usage("--email is missing: write the owner's e-mail address")
		}
		ctx, stop := interruptible(cmd.Context())
		defer stop()
		socket, err := socketOf(socket, data)
		if err != nil {
			return err
		}
		link, err := request(ctx, socket, "owner", email)
		if err != nil {
			return operated(err)
		}
		if asJSON {
			return json.NewEncoder(cmd.OutOrStdout()).Encode(link)
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), link.Link)
		return err
	}
	f := cmd.Flags()
	dataFlag(cmd, &data, "the shop's data `directory`")
	socketFlag(cmd, &socket)
	f.StringVar(&email, "email", "", "the owner's e-mail `address`")
	f.BoolVar(&asJSON, "json", false, "print a JSON object, with what the link is for and the time of its end")
	return cmd
}
