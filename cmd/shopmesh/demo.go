package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/demo"
)

func newDemo() *cobra.Command {
	var addresses []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Fill a running shop with a demo product line",
		Long: `Fill a running shop with the product line of shopmesh up --demo: categories, products and their first stock.

--addr is the API's address; of services that run alone give catalog's and inventory's.
What is there already stays as it is: filling a shop again changes nothing.

It exits 0 when the shop is filled, 1 when a call failed, 2 when it was not tried.`,
		Example: "  shopmesh demo --addr http://127.0.0.1:8080\n  shopmesh demo --addr http://127.0.0.1:8101 --addr http://127.0.0.1:8103",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			if err := checkAddresses(addresses, "an API"); err != nil {
				return err
			}
			n, err := demo.FillAt(ctx, clientsOf(addresses))
			if err != nil {
				return exitError{exitFailed, err}
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]int{"products": n})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "The shop has the demo's %d products.\n", n)
			return err
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&addresses, "addr", []string{"http://127.0.0.1:8080"}, "`URL` of the API; once for each service that runs alone")
	f.BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

// checkAddresses refuses what is no URL of a process.
func checkAddresses(addresses []string, of string) error {
	for _, a := range addresses {
		if u, err := url.Parse(a); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return usage("--addr %q is no URL of %s: write http://HOST:PORT", a, of)
		}
	}
	return nil
}

func clientsOf(addresses []string) []*connect.Client {
	clients := make([]*connect.Client, len(addresses))
	for i, a := range addresses {
		clients[i] = connect.NewClient(connecthttp.NewTransport(http.DefaultClient, strings.TrimSuffix(a, "/")))
	}
	return clients
}
