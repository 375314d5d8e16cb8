package identity

import (
	"context"
	"log/slog"
	"time"

	"go.uber.org/fx"

	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/events"
	"github.com/shopmesh/shopmesh/services/identity/internal/passwords"
	"github.com/shopmesh/shopmesh/services/identity/internal/peers"
)

type accountDeps struct {
	fx.In

	Pool      *pg.Pool
	Relay     *outbox.Relay
	Keys      *app.SigningKeys
	Hasher    *passwords.Hasher
	Customers *peers.Customers
	Clock     kitapp.Clock
	ID        kitapp.NewID
	Log       *slog.Logger
}

func newAccounts(cfg Config, in accountDeps) (*app.Accounts, error) {
	sealing, err := cfg.Key.sealing()
	if err != nil {
		return nil, err
	}
	refresh, err := sealing.Derive("refresh tokens")
	if err != nil {
		return nil, err
	}
	links, err := sealing.Derive("links in mails")
	if err != nil {
		return nil, err
	}
	return app.NewAccounts(app.AccountDeps{
		Pool: in.Pool, Hasher: in.Hasher, Sealing: sealing, RefreshSecret: refresh, LinkSecret: links,
		Issue: in.Keys.Access, LinkCustomer: in.Customers.Link,
		Publish: app.Publish{Changed: events.Changed, Verified: events.Verified, Link: events.Link, Notice: events.Notice},
		Wake:    in.Relay.Wake, Now: in.Clock, NewID: in.ID, Log: in.Log,
	}), nil
}

// mailRetention bounds how long a broker keeps events with addresses: as long as a link is
// good, and some more.
const mailRetention = 7 * 24 * time.Hour

func accountTopics() []kafka.Topic {
	return []kafka.Topic{
		{Name: events.VerificationTopic, Retention: mailRetention},
		{Name: events.MailTopic, Retention: mailRetention},
	}
}

func accountRunners(accounts *app.Accounts, hasher *passwords.Hasher) []kitapp.Runner {
	return []kitapp.Runner{
		{Name: "password hasher", Run: hasher.Run},
		{Name: "mail requests", Run: accounts.RunMailRequests},
		{Name: "account purge", Run: func(ctx context.Context) error { return accounts.RunPurge(ctx) }},
	}
}
