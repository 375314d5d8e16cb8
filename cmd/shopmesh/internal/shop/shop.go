// Package shop composes all contexts into one process on embedded components.
package shop

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/demo"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/certs"
	"github.com/shopmesh/shopmesh/kit/embedded/broker"
	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
	"github.com/shopmesh/shopmesh/kit/operator"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/identity"
)

// Config is how the shop runs.
type Config struct {
	// Data is the directory that everything is kept in.
	Data string
	// Listen and InternalListen are addresses; port 0 picks a free one.
	Listen, InternalListen string
	// Edge is how the outside world reaches the shop.
	Edge app.Edge
	// Reflection serves gRPC reflection on the API's address, too.
	Reflection bool
	// OpenMetrics shows /metrics on the internal address without a token.
	OpenMetrics bool
	// SettingsFile overrides settings; empty for none.
	SettingsFile string
	// SMTPURL is a mail server to use instead of the built-in inbox; empty for the inbox.
	SMTPURL string
	// Secrets are those that settings name; nil for none.
	Secrets app.Secrets
	// StripeURL is where Stripe's API is; empty for Stripe's own address.
	StripeURL string
	// IdentityKey encrypts identity's secrets; the zero Key is that of the data directory,
	// which is made at the first start.
	IdentityKey identity.Key
	// Hasher is the command line of the process that hashes passwords (identity.HashCommand);
	// empty to hash in this one.
	Hasher []string
	// PublicURL is where the shop is reached; empty for app.DefaultPublicURL of Listen.
	PublicURL string
	// Demo fills the shop with a demo product line, and people who sell and buy.
	Demo    bool
	Version string
	Log     *slog.Logger
	// Ready is called once, when the shop serves (and is filled, with Demo).
	Ready func(Opened)
	// idle serves what is there and moves nothing: no event, charge or mail leaves.
	idle bool
}

// Addresses are where a running shop is reached.
type Addresses struct {
	API      string `json:"api"`
	Internal string `json:"internal"`
	Data     string `json:"data"`
	// OperatorSocket is where the owner of the directory gets tokens.
	OperatorSocket string `json:"operator_socket"`
	// Certificate is the PEM file of the certificate that both ports have; empty without TLS.
	Certificate string `json:"certificate,omitempty"`
}

// Opened is what a shop shows to who started it.
type Opened struct {
	Addresses
	// InboxLinkFile holds a link that opens the built-in inbox once, in one browser; empty
	// without one.
	InboxLinkFile string `json:"inbox_link_file,omitempty"`
	// OwnerLinkFile holds the link with which the shop's first owner makes their account;
	// empty when the shop has an owner.
	OwnerLinkFile string `json:"owner_link_file,omitempty"`
	// Demo are the accounts of the demo's people; nil without the demo.
	Demo *demo.Accounts `json:"demo,omitempty"`
}

// Client is for calls from the shop's own machine, to addresses that its certificate need
// not be for.
func (a Addresses) Client() *http.Client {
	if a.Certificate == "" {
		return http.DefaultClient
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: certs.Pin(a.Certificate), ForceAttemptHTTP2: true}}
}

// closeTimeout bounds how long each embedded component may take to end.
const closeTimeout = 20 * time.Second

// demoLife is how long the token that fills in the demo is good.
const demoLife = 30 * time.Minute

// AddressError is an address that the shop can't listen on.
type AddressError struct {
	// Internal is the operators' address, not the API's.
	Internal bool
	// Address is HOST:PORT.
	Address string
	Err     error
}

// Error implements error.
func (e *AddressError) Error() string { return e.Err.Error() }

// Unwrap returns the system's error.
func (e *AddressError) Unwrap() error { return e.Err }

// Run runs the shop until ctx ends, then drains and stops it. It returns nil when ctx
// ends while it starts. Errors: *AddressError, at once, for an address that can't be
// listened on.
func Run(ctx context.Context, config Config) error {
	err := run(ctx, config)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		config.Log.Info("stopped before the shop was open", "cause", err.Error())
		return nil
	}
	return err
}

func run(ctx context.Context, config Config) (err error) {
	if err := checkSettings(config); err != nil {
		return err
	}
	dir, err := datadir.Open(config.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	if err := tryAddresses(ctx, config); err != nil {
		return err
	}
	if config.IdentityKey, err = identityKey(config, dir); err != nil {
		return err
	}
	config.Log.Info("opening the shop", "data", dir.Path(), "version", config.Version)

	// The embedded components outlive ctx: the services need them to drain.
	lasting := context.WithoutCancel(ctx)
	closing := func(stop func(context.Context) error) {
		ctx, cancel := context.WithTimeout(lasting, closeTimeout)
		defer cancel()
		err = errors.Join(err, stop(ctx))
	}
	postgres, err := postgres.Start(ctx, postgres.Config{
		Dir: dir.Postgres(), Databases: databases(), MaxConnections: maxConnections, Logger: config.Log.With("component", "postgres"),
	})
	if err != nil {
		return err
	}
	defer closing(postgres.Close)
	broker, err := broker.Start(ctx, broker.Config{Dir: dir.Broker(), Logger: config.Log.With("component", "broker")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, broker.Close()) }()
	components := components{
		config: config, postgres: postgres, broker: broker, inboxLink: dir.InboxLink(), ownerLink: dir.OwnerLink(), demoFile: dir.Demo(),
		conditions: []func(context.Context) error{postgres.Condition, datadir.NewDisk(dir.Path(), config.Log).Condition},
	}
	if config.SMTPURL == "" {
		mails, err := inbox.Open(dir.Inbox(), "127.0.0.1:0", config.Log.With("component", "inbox"))
		if err != nil {
			return err
		}
		defer closing(mails.Close)
		go func() {
			if err := mails.Serve(); err != nil {
				config.Log.Error("the inbox ended", "error", err.Error())
			}
		}()
		components.conditions = append(components.conditions, mails.Condition)
		components.config.SMTPURL = "smtp://" + mails.Addr()
		components.access = inbox.NewAccess(mails)
	}
	socket, err := operator.PathFor(dir.OperatorSocket())
	if err != nil {
		return err
	}
	return serve(ctx, components, dir.Path(), socket)
}

// tryAddresses opens both addresses and gives them free again: a port that is taken
// is reported before the database is started, which takes a while.
func tryAddresses(ctx context.Context, config Config) error {
	var listen net.ListenConfig
	for _, a := range []AddressError{{Address: config.Listen}, {Address: config.InternalListen, Internal: true}} {
		listener, err := listen.Listen(ctx, "tcp", a.Address)
		if err != nil {
			a.Err = err
			return &a
		}
		// Both at a time, so that one port for two is found out, too.
		defer func() { _ = listener.Close() }()
	}
	return nil
}

// serve runs the services on the components until ctx ends.
func serve(ctx context.Context, components components, data, socket string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	filled := make(chan error, 1)
	components.config.Log.Info("opening the services")
	certificate, err := certificateOf(components.config.Edge)
	if err != nil {
		return err
	}
	process := app.Process{
		Name: "shopmesh", Version: components.config.Version,
		Listen: components.config.Listen, InternalListen: components.config.InternalListen,
		Edge:       components.config.Edge,
		Reflection: components.config.Reflection, OpenMetrics: components.config.OpenMetrics, Idle: components.config.idle, Internal: components.pages, Conditions: components.conditions,
		OperatorSocket: socket, Log: components.config.Log,
		Ready: func(a app.Addresses) {
			addresses := Addresses{API: a.API, Internal: a.Internal, Data: data, OperatorSocket: a.OperatorSocket, Certificate: certificate}
			go func() { filled <- components.open(ctx, addresses) }()
		},
	}
	if err := components.trust(&process); err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() {
		err := <-filled
		if err != nil {
			cancel()
		}
		failed <- err
	}()
	err = app.Serve(ctx, process, modules(components)...)
	_ = forget(data)
	_ = os.Remove(components.inboxLink)
	select {
	case cause := <-failed:
		return errors.Join(cause, err)
	default:
		return err
	}
}

// trust makes the process find out who calls it.
func (c components) trust(process *app.Process) error {
	keys, err := services.NewServiceKeys(services.Contexts()...)
	if err != nil {
		return err
	}
	services.Trust{
		PublicURL: c.publicURL(), Keys: keys, Self: services.Contexts(), Kafka: c.context(identity.Name).Kafka,
	}.Apply(process)
	return nil
}

// open fills the shop when the configuration has Demo, and reports that it is open.
func (c components) open(ctx context.Context, a Addresses) error {
	var accounts *demo.Accounts
	if c.config.Demo {
		var err error
		if accounts, err = c.fillDemo(ctx, a); err != nil {
			return fmt.Errorf("fill in the demo: %w", err)
		}
	}
	if err := remember(a); err != nil {
		return err
	}
	if c.config.Ready != nil {
		opened := Opened{Addresses: a, Demo: accounts}
		if accounts == nil { // the demo has an owner
			opened.OwnerLinkFile = c.ownerLinkFile()
		}
		if c.access != nil {
			if err := datadir.WriteFile(c.inboxLink, []byte(a.Internal+c.access.Path()+"\n"), 0o600); err != nil {
				return fmt.Errorf("keep the link to the inbox: %w", err)
			}
			opened.InboxLinkFile = c.inboxLink
		}
		c.config.Ready(opened)
	}
	return nil
}

// pages are what the internal address serves beside the services' RPCs.
func (c components) pages(authenticator authz.Authenticator, refused rpc.Refused) map[string]http.Handler {
	if c.access == nil {
		return nil
	}
	handler := c.access.Handler(authenticator, refused)
	return map[string]http.Handler{"/inbox": handler, "/inbox/": handler, "/inbox.json": handler}
}

// certificateOf returns where the certificate is, from any working directory.
func certificateOf(edge app.Edge) (string, error) {
	if edge.Certificate == nil {
		return "", nil
	}
	path, err := filepath.Abs(edge.Certificate.File())
	if err != nil {
		return "", fmt.Errorf("find the certificate: %w", err)
	}
	return path, nil
}
