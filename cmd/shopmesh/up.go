package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/shop"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/telemetry"
	"github.com/shopmesh/shopmesh/services/payment"
)

// gcPercent lets the heap grow to 2.4 times what lives before it is collected: with
// three times the process would work a tenth less under load, and peak above 150 MB.
const gcPercent = 140

func newUp() *cobra.Command {
	var config shop.Config
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run the shop until Ctrl-C",
		Long: `Run the whole shop in one process, on an embedded PostgreSQL, an embedded broker and a built-in mail inbox.

Everything is kept in the data directory; stop it, kill it, start it again, and nothing is lost.
Until accounts exist every caller counts as the shop's owner, so only loopback addresses are served.
SHOPMESH_SMTP_URL (or SHOPMESH_SMTP_URL_FILE) names a mail server to use instead of the inbox.
SHOPMESH_STRIPE_KEY (or SHOPMESH_STRIPE_KEY_FILE) lets Stripe take payments.`,
		Example: "  shopmesh up --demo\n  shopmesh up --data /srv/shop --listen 127.0.0.1:8080",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			debug.SetGCPercent(gcPercent)
			if err := checkUp(config); err != nil {
				return err
			}
			smtp, err := app.Credential("SHOPMESH_SMTP_URL")
			if err != nil {
				return exitError{exitUsage, err}
			}
			if config.Stripe, err = payment.StripeFromEnv(); err != nil {
				return exitError{exitUsage, err}
			}
			config.SMTPURL, config.Version, config.Log = smtp, version(), telemetry.NewLog(cmd.ErrOrStderr(), slog.LevelInfo)
			config.Ready = func(a shop.Addresses) { announce(cmd.OutOrStdout(), asJSON, a) }
			ctx, cancel := context.WithCancel(cmd.Context())
			defer cancel()
			stop := app.OnSignal(config.Log, cancel)
			defer stop()
			return explainUp(shop.Run(ctx, config))
		},
	}
	f := cmd.Flags()
	f.StringVar(&config.Data, "data", defaultData(), "the `directory` that everything is kept in")
	f.StringVar(&config.Listen, "listen", "127.0.0.1:8080", "`address` of the API; port 0 picks a free one")
	f.StringVar(&config.InternalListen, "internal-listen", "127.0.0.1:9090", "`address` for operators; port 0 picks a free one")
	f.StringVar(&config.SettingsFile, "settings", "", "JSON `file` that overrides settings, one object per context")
	f.BoolVar(&config.Demo, "demo", false, "fill the shop with a demo product line")
	f.BoolVar(&asJSON, "json", false, "print a JSON object when it serves")
	return cmd
}

// checkUp refuses flags that can't work, before anything is started.
func checkUp(config shop.Config) error {
	for _, address := range []string{config.Listen, config.InternalListen} {
		if err := app.Loopback(address); err != nil {
			return exitError{exitUsage, err}
		}
	}
	if config.SettingsFile == "" {
		return nil
	}
	if _, err := os.Stat(config.SettingsFile); err != nil {
		return usage("--settings: %w", err)
	}
	return nil
}

// explainUp says what somebody at the command line can do about an error.
func explainUp(err error) error {
	if err == nil {
		return nil
	}
	var address *shop.AddressError
	if !errors.As(err, &address) {
		return exitError{exitFailed, err}
	}
	flag := "--listen"
	if address.Internal {
		flag = "--internal-listen"
	}
	host, port, _ := net.SplitHostPort(address.Address)
	why := address.Err.Error()
	switch {
	case errors.Is(address.Err, syscall.EADDRINUSE):
		why = "another program has it"
	case errors.Is(address.Err, syscall.EACCES):
		why = "only the system's administrator may open it"
	}
	return usage("port %s can't be opened: %s; name another with %s, such as %[3]s %s for any free one",
		port, why, flag, net.JoinHostPort(host, "0"))
}

// announce prints the one line that says that the shop serves.
func announce(w io.Writer, asJSON bool, a shop.Addresses) {
	if asJSON {
		_ = json.NewEncoder(w).Encode(map[string]shop.Addresses{"ready": a})
		return
	}
	fmt.Fprintf(w, "The shop serves %s; operators: %s (inbox: %s/inbox); data: %s\n", a.API, a.Internal, a.Internal, a.Data)
}

// defaultData is where a user's data belongs (XDG Base Directory Specification).
func defaultData() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "shopmesh")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "shopmesh-data"
	}
	return filepath.Join(home, ".local", "share", "shopmesh")
}
