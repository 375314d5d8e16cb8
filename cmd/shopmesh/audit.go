package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/audit"
	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/shop"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/services/identity"
	"github.com/shopmesh/shopmesh/services/payment"
)

func newAudit() *cobra.Command {
	var data, tokenFile string
	var addresses []string
	var wait time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Prove that the books of all services agree",
		Long: `Compare what every service knows of every order: stock with its ledger, money with the provider's own ledger,
mails with what was due. Work under way is pending, not a finding; --wait waits for it to end, and then everything counts.

It exits 0 when nothing is wrong, 1 when there is a finding, 2 when it could not look.`,
		Example: "  shopmesh audit --wait 60s\n  shopmesh audit --addr http://127.0.0.1:9090 --token-file token --json",
		Args:    command.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if wait < 0 {
				return command.Usage("--wait %v: give a time of 0 or more, such as 60s", wait)
			}
			if cmd.Flags().Changed("data") && len(addresses) > 0 {
				return command.Usage("--data and --addr are both given: keep one")
			}
			if err := checkAddresses(addresses, "an internal port"); err != nil {
				return err
			}
			stripeURL, err := payment.StripeURLFromEnv()
			if err != nil {
				return command.NotTried(err)
			}
			key, err := identity.KeyFromEnv()
			if err != nil {
				return command.NotTried(err)
			}
			ctx, stop := command.Interruptible(cmd.Context())
			defer stop()
			var report audit.Report
			inspect := func(ctx context.Context, by *http.Client, addresses []string, token string) error {
				var err error
				report, err = audit.Run(ctx, clientsOf(by, addresses, token), wait)
				return err
			}
			token, err := tokenOf(cmd, tokenFile)
			if err != nil {
				return err
			}
			if len(addresses) > 0 {
				err = inspect(ctx, http.DefaultClient, addresses, token)
			} else {
				err = shop.Visit(ctx, data, shop.Visitor{
					Opening: func() {
						fmt.Fprintf(cmd.ErrOrStderr(), "No shop runs in %s: opening its books to read them, nothing is moved.\n", data)
					},
					Inspect: func(ctx context.Context, at shop.Addresses) error {
						issued, err := identity.IssueToken(ctx, at.OperatorSocket, "staff:OPERATIONS", identity.OperatorTokenLife)
						if err != nil {
							return err
						}
						return inspect(ctx, at.Client(), []string{at.Internal}, issued.AccessToken)
					},
					Secrets: app.SecretsFromEnv(), StripeURL: stripeURL, IdentityKey: key,
				})
			}
			if err != nil {
				return command.NotTried(err)
			}
			if err := printReport(cmd.OutOrStdout(), asJSON, report); err != nil {
				return command.NotTried(err)
			}
			if len(report.Findings) > 0 {
				return command.Failed(errors.New(findings(len(report.Findings))))
			}
			return nil
		},
	}
	f := cmd.Flags()
	dataFlag(cmd, &data, "the shop's data `directory`")
	f.StringSliceVar(&addresses, "addr", nil, "`URL` of an internal port instead; once for each service")
	tokenFileFlag(cmd, &tokenFile)
	f.DurationVar(&wait, "wait", 0, "how long to wait for work under way, such as 60s")
	f.BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

func orders(n int64) string {
	if n == 1 {
		return "1 order"
	}
	return fmt.Sprintf("%d orders", n)
}

func findings(n int) string {
	if n == 1 {
		return "1 finding"
	}
	return fmt.Sprintf("%d findings", n)
}

func printReport(w io.Writer, asJSON bool, r audit.Report) error {
	if asJSON {
		return json.NewEncoder(w).Encode(r)
	}
	for _, f := range r.Findings {
		if _, err := fmt.Fprintf(w, "%s %s (%s): %s\n", f.Kind, f.Subject, f.Context, f.Message); err != nil {
			return err
		}
	}
	for _, p := range r.Pending {
		if _, err := fmt.Fprintf(w, "under way: %d %s in %s\n", p.Count, strings.ToLower(p.Kind), p.Context); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%s compared in %s: %s\n", orders(r.Orders), strings.Join(r.Contexts, ", "), findings(len(r.Findings)))
	return err
}
