package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/access"
	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/shop"
)

// defaultTokenLife is that of a token whose life is not named.
const defaultTokenLife = time.Hour

func newToken() *cobra.Command {
	var data, socket, as string
	var life time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "token --as ROLE",
		Short: "Print an access token, for whoever owns the shop's files",
		Long: `Print an access token of a running shop. The shop hands it out over a Unix socket that only the user who runs the shop can open,
DATA/operator.sock, and logs who got what.

--as names the role: owner; staff:PERMISSION,… such as staff:ORDERS_READ,STOCK_READ; customer:ID with the customer's id;
service:NAME with the name of a service. Whoever has the token may do all that, from anywhere, until it expires:
give it no more than it needs, and not longer.

It exits 0 when it printed a token, 1 when no shop answered, 2 when the role or the time is not one that there is.`,
		Example: "  shopmesh token --as owner --for 15m\n" +
			"  curl -H \"Authorization: Bearer $(shopmesh token --as staff:ORDERS_READ)\" http://127.0.0.1:8080/v1/orders\n" +
			"  shopmesh token --as owner --socket /run/shopmesh/operator.sock",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if as == "" {
				return usage("--as is missing: write owner, staff:PERMISSION,…, customer:ID or service:NAME")
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			socket, err := socketOf(socket, data)
			if err != nil {
				return err
			}
			issued, err := access.Issue(ctx, socket, as, life)
			if err != nil {
				return operated(err)
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(issued)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), issued.AccessToken)
			return err
		},
	}
	f := cmd.Flags()
	dataFlag(cmd, &data, "the shop's data `directory`")
	socketFlag(cmd, &socket)
	f.StringVar(&as, "as", "", "`role`: owner, staff:PERMISSION,…, customer:ID or service:NAME")
	f.DurationVar(&life, "for", defaultTokenLife, "how long the token is good, 5m to 12h")
	f.BoolVar(&asJSON, "json", false, "print a JSON object, with the time of its end")
	return cmd
}

// socketFlag gives a command with --data the flag --socket.
func socketFlag(cmd *cobra.Command, socket *string) {
	cmd.Flags().StringVar(socket, "socket", "", "`path` of the socket of an identity service that runs alone (its SHOPMESH_OPERATOR_SOCKET), instead of --data")
	cmd.MarkFlagsMutuallyExclusive("data", "socket")
}

// socketOf returns the operator's socket that is named, or that of the shop in data.
func socketOf(socket, data string) (string, error) {
	if socket != "" {
		return socket, nil
	}
	running, err := shop.Find(data)
	if err != nil {
		return "", exitError{exitFailed, err}
	}
	return running.OperatorSocket, nil
}

// operated ends a command whose request the operator's socket did not serve.
func operated(err error) error {
	var refused *access.RefusedError
	if errors.As(err, &refused) {
		return exitError{exitUsage, err}
	}
	return exitError{exitFailed, err}
}

// tokenFileFlag gives a command with --addr the flag --token-file.
func tokenFileFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "token-file", "", "`file` with an access token for the addresses of --addr, such as shopmesh token prints; - is standard input")
}

// tokenOf reads the token of --token-file.
func tokenOf(cmd *cobra.Command, file string) (string, error) {
	if file != "" && !cmd.Flags().Changed("addr") {
		return "", usage("--token-file is for the addresses of --addr: a shop in --data hands out its own tokens")
	}
	text, err := access.FromFile(file, cmd.InOrStdin())
	if err != nil {
		return "", usage("--token-file: %w", err)
	}
	return text, nil
}
