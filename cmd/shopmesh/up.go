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
	"runtime/debug"
	"strings"
	"syscall"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/shop"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
	"github.com/shopmesh/shopmesh/kit/telemetry"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/identity"
	"github.com/shopmesh/shopmesh/services/payment"
)

// gcPercent lets the heap grow to 2.4 times what lives before it is collected: with
// three times the process would work a tenth less under load, and peak above 150 MB.
const gcPercent = 140

func newUp() *cobra.Command {
	var config shop.Config
	var edge edgeFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run the shop until Ctrl-C",
		Long: `Run the whole shop in one process, on an embedded PostgreSQL, an embedded broker and a built-in mail inbox.

Everything is kept in the data directory; stop it, kill it, start it again, and nothing is lost.
An address that other machines reach needs a certificate, or the networks of the proxies before it.
SHOPMESH_SMTP_URL (or SHOPMESH_SMTP_URL_FILE) names a mail server to use instead of the inbox.
SHOPMESH_SECRET_<NAME> (or SHOPMESH_SECRET_<NAME>_FILE) is the secret that settings call NAME, such as a key of Stripe.
SHOPMESH_IDENTITY_KEY (or SHOPMESH_IDENTITY_KEY_FILE) encrypts secrets instead of the data directory's identity.key.
SHOPMESH_LOG_LEVEL is debug, info, warn or error. The log is for people on a terminal, and JSON lines elsewhere.`,
		Example: "  shopmesh up --demo\n  shopmesh up --data /srv/shop --listen 127.0.0.1:8080",
		Args:    command.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			debug.SetGCPercent(gcPercent)
			log, err := upLog(cmd.ErrOrStderr())
			if err != nil {
				return command.NotTried(err)
			}
			if err := edge.read(&config, log); err != nil {
				return err
			}
			if err := checkUp(config); err != nil {
				return err
			}
			smtp, err := app.Credential("SHOPMESH_SMTP_URL")
			if err != nil {
				return command.NotTried(err)
			}
			if config.StripeURL, err = payment.StripeURLFromEnv(); err != nil {
				return command.NotTried(err)
			}
			if config.IdentityKey, err = identity.KeyFromEnv(); err != nil {
				return command.NotTried(err)
			}
			if config.Hasher, err = identity.HashCommand(); err != nil {
				return err
			}
			if config.PublicURL, err = publicURL(config.PublicURL); err != nil {
				return command.NotTried(err)
			}
			if config.PublicURL == "" && config.Edge.Public(config.Listen) {
				return command.NotTried(errNoPublicURL)
			}
			config.SMTPURL, config.Secrets, config.Version, config.Log = smtp, app.SecretsFromEnv(), app.ReadBuild().Short(), log
			config.Ready = func(a shop.Opened) { announce(cmd.OutOrStdout(), asJSON, a) }
			ctx, cancel := context.WithCancel(cmd.Context())
			defer cancel()
			stop := app.OnSignal(config.Log, cancel)
			defer stop()
			if err := explainUp(shop.Run(ctx, config)); err != nil {
				return logged(cmd.ErrOrStderr(), log, err)
			}
			log.Info("stopped")
			return nil
		},
	}
	f := cmd.Flags()
	dataFlag(cmd, &config.Data, "the `directory` that everything is kept in")
	f.StringVar(&config.Listen, "listen", "127.0.0.1:8080", "`address` of the API; port 0 picks a free one")
	f.StringVar(&config.InternalListen, "internal-listen", "127.0.0.1:9090", "`address` for operators; port 0 picks a free one")
	edge = newEdgeFlags(cmd)
	f.StringVar(&config.SettingsFile, "settings", "", "JSON `file` that overrides settings, one object per context")
	f.StringVar(&config.PublicURL, "public-url", "", "`URL` at which the shop is reached, such as https://shop.example (SHOPMESH_PUBLIC_URL; "+app.DefaultPublicURL(config.Listen, false)+")")
	f.BoolVar(&config.Demo, "demo", false, "fill the shop with a demo product line, an owner, a member of staff and a customer with orders")
	f.BoolVar(&config.Reflection, "reflection", false, "serve gRPC reflection on the API's address, too, for grpcurl and the like")
	f.BoolVar(&config.OpenMetrics, "open-metrics", false, "show /metrics on the operators' address without a token, for who scrapes it")
	f.BoolVar(&asJSON, "json", false, "print a JSON object when it serves")
	return cmd
}

// errNoPublicURL refuses to mail links that lead whoever follows them to their own machine.
var errNoPublicURL = errors.New("others reach this shop, and links in mails would lead them to their own machine: " +
	"name where they reach it with --public-url, such as https://shop.example")

// publicURL is the flag's, or the environment's; empty when neither is set.
func publicURL(flag string) (string, error) {
	name, value := "--public-url", flag
	if value == "" {
		name, value = app.PublicURLVariable, os.Getenv(app.PublicURLVariable)
	}
	if value == "" {
		return "", nil
	}
	parsed, err := app.ParsePublicURL(value)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return parsed, nil
}

// upLog reads the environment's log level, and refuses variables that are misspelt.
// Those of services that run alone are without effect here, and are named in the log.
func upLog(stderr io.Writer) (*slog.Logger, error) {
	log, err := app.LogFromEnv(os.Environ(), stderr)
	if err != nil {
		return nil, err
	}
	own := append(services.Variables(), app.Variable{Name: app.LogLevelVariable}, app.Variable{Name: postgres.CacheVariable}, app.Variable{Name: app.PublicURLVariable})
	own = append(own, app.EdgeVariables()...)
	if err := errors.Join(app.CheckNames(os.Environ(), append(own, app.Variables(services.Contexts())...))...); err != nil {
		return nil, err
	}
	for _, ignored := range app.CheckNames(os.Environ(), own) {
		log.Warn("an environment variable has no effect on a shop in one process: use the flags of shopmesh up", "cause", ignored.Error())
	}
	return log, nil
}

// logged writes the error that ended a shop into its log, so that standard error has one
// format. Somebody at a terminal gets the sentence alone, from execute.
func logged(stderr io.Writer, log *slog.Logger, err error) error {
	var exit command.Error
	if err == nil || telemetry.IsTerminal(stderr) || !errors.As(err, &exit) {
		return err
	}
	log.Error(err.Error())
	return command.Error{Code: exit.Code}
}

// checkUp refuses flags that can't work, before anything is started.
func checkUp(config shop.Config) error {
	if config.SettingsFile == "" {
		return nil
	}
	if _, err := os.Stat(config.SettingsFile); err != nil {
		return command.Usage("--settings: %w", err)
	}
	return nil
}

// explainUp adds what somebody at the command line can do about an error.
func explainUp(err error) error {
	if err == nil {
		return nil
	}
	var address *shop.AddressError
	if !errors.As(err, &address) {
		return command.Failed(err)
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
	return command.Usage("port %s can't be opened: %s; name another with %s, such as %[3]s %s for any free one",
		port, why, flag, net.JoinHostPort(host, "0"))
}

// announce prints that the shop serves: an object or one line for a program, and what
// to open and to type next for somebody at a terminal.
func announce(w io.Writer, asJSON bool, a shop.Opened) {
	if asJSON {
		_ = json.NewEncoder(w).Encode(map[string]shop.Opened{"ready": a})
		return
	}
	if telemetry.IsTerminal(w) {
		fmt.Fprintf(w, `
The shop is open. Ctrl-C stops it; nothing is lost.

  API for clients      %[1]s
  for operators        %[2]s/readyz
  mails that it sends  %[7]s
  kept in              %[3]s
%[6]s
Type next, in another terminal:

  curl '%[1]s/v1/products?pageSize=3'
  %[5]s audit --data %[4]s

`, a.API, a.Internal, a.Data, shellWord(a.Data), program(os.Args[0]), firstOwner(a)+demoPeople(a), mailsAt(a))
		return
	}
	demo := ""
	if a.Demo != nil {
		demo = " (the demo's people: demo.json)"
	}
	fmt.Fprintf(w, "The shop serves %s; operators: %s; data: %s%s\n", a.API, a.Internal, a.Data, demo)
}

// mailsAt is where mails are seen. The link is shown on a terminal alone, as the first owner's.
func mailsAt(a shop.Opened) string {
	if a.InboxLinkFile == "" {
		return "sent by your mail server"
	}
	link, err := os.ReadFile(a.InboxLinkFile)
	if err != nil {
		return a.InboxLinkFile + " has a link to them"
	}
	return strings.TrimSpace(string(link)) + "   (opens once, in one browser)"
}

// firstOwner is what somebody at a terminal types to become the first owner of a shop; empty
// when it has one. The link is shown on a terminal alone: what a program prints elsewhere
// ends up in logs.
func firstOwner(a shop.Opened) string {
	if a.OwnerLinkFile == "" {
		return ""
	}
	link, err := os.ReadFile(a.OwnerLinkFile)
	token := identity.Link{Link: strings.TrimSpace(string(link))}.Token()
	if err != nil || token == "" {
		return "" // somebody became its owner just now
	}
	return fmt.Sprintf(`
The shop has no owner yet. To become it, type this with an e-mail address, a password of at least 15 characters and a
name of yours. It works once, within 24 hours; the link is in %[1]s, too.

  curl -H 'Content-Type: application/json' %[2]s/v1/staff:acceptInvite -d '{"token": "%[3]s", "email": "ADDRESS", "password": "PASSWORD", "firstName": "NAME"}'
`, a.OwnerLinkFile, a.API, token)
}

// demoPeople is who signs in to the demo; empty without it.
func demoPeople(a shop.Opened) string {
	if a.Demo == nil {
		return ""
	}
	return fmt.Sprintf(`
The demo's people, with passwords that were made for this shop alone:

  owner     %s   %s
  staff     %s   %s
  customer  %s   %s
`, a.Demo.Owner.Email, a.Demo.Owner.Password, a.Demo.Staff.Email, a.Demo.Staff.Password, a.Demo.Customer.Email, a.Demo.Customer.Password)
}

// program is what to type for this command again. What `go run` built is gone afterwards.
func program(path string) string {
	if strings.Contains(path, "go-build") {
		return "go run ./cmd/shopmesh"
	}
	return shellWord(path)
}

// shellWord quotes a path that a shell would take apart.
func shellWord(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool {
		return !strings.ContainsRune(`/._-+:@,`, r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
