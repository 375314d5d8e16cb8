package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/demo"
	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/shop"
	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity"
)

func newDemo() *cobra.Command {
	var addresses []string
	var data, tokenFile string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Fill a running shop with a demo product line",
		Long: `Fill a running shop with the product line of shopmesh up --demo: categories, products and their first stock.

--data is the directory of a shop that runs. --addr is the API's address instead, and --token-file a token for it; of services
that run alone give catalog's and inventory's.
What is there already stays as it is: filling a shop again changes nothing.

It exits 0 when the shop is filled, 1 when a call failed, 2 when it was not tried.`,
		Example: "  shopmesh demo --data /srv/shop\n  shopmesh demo --addr http://127.0.0.1:8101 --addr http://127.0.0.1:8103",
		Args:    command.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := command.Interruptible(cmd.Context())
			defer stop()
			if cmd.Flags().Changed("data") && len(addresses) > 0 {
				return command.Usage("--data and --addr are both given: keep one")
			}
			if err := checkAddresses(addresses, "an API"); err != nil {
				return err
			}
			token, err := tokenOf(cmd, tokenFile)
			if err != nil {
				return err
			}
			if len(addresses) == 0 {
				if addresses, token, err = demoAccess(ctx, data); err != nil {
					return err
				}
			}
			n, err := demo.FillAt(ctx, clientsOf(http.DefaultClient, addresses, token))
			if err != nil {
				return command.Failed(err)
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]int{"products": n})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "The shop has the demo's %d products.\n", n)
			return err
		},
	}
	f := cmd.Flags()
	dataFlag(cmd, &data, "the data `directory` of a shop that runs")
	f.StringSliceVar(&addresses, "addr", nil, "`URL` of the API instead; once for each service that runs alone")
	tokenFileFlag(cmd, &tokenFile)
	f.BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

// demoAccess returns the API of the shop that runs in a data directory, and a token that may
// fill it.
func demoAccess(ctx context.Context, data string) ([]string, string, error) {
	running, err := shop.Find(data)
	if err != nil {
		return nil, "", command.NotTried(err)
	}
	issued, err := identity.IssueToken(ctx, running.OperatorSocket, demo.Role, identity.OperatorTokenLife)
	if err != nil {
		return nil, "", command.Failed(err)
	}
	return []string{running.API}, issued.AccessToken, nil
}

// checkAddresses refuses what is no URL of a process.
func checkAddresses(addresses []string, of string) error {
	for _, a := range addresses {
		if u, err := url.Parse(a); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return command.Usage("--addr %q is no URL of %s: write http://HOST:PORT", a, of)
		}
	}
	return nil
}

// clientsOf returns clients whose calls show a token, if there is one.
func clientsOf(by *http.Client, addresses []string, shown string) []*connect.Client {
	clients := make([]*connect.Client, len(addresses))
	for i, a := range addresses {
		clients[i] = connect.NewClient(connecthttp.NewTransport(by, strings.TrimSuffix(a, "/")), token.Show(shown))
	}
	return clients
}
