package identity

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"go.uber.org/fx"

	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/events"
	"github.com/shopmesh/shopmesh/services/identity/internal/passwords"
	"github.com/shopmesh/shopmesh/services/identity/internal/peers"
)

type accountDeps struct {
	fx.In

	Pool      *pg.Pool
	Relay     *outbox.Relay
	Keys      *app.SigningKeys
	Settings  *settings.Live[domain.Settings]
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
	public := cfg.Public || strings.HasPrefix(cfg.PublicURL, "https://")
	current := func() domain.Settings {
		set := in.Settings.Now()
		set.RequireStaffTotp = set.RequireStaffTotp || public
		return set
	}
	return app.NewAccounts(app.AccountDeps{
		Pool: in.Pool, Hasher: in.Hasher, Sealing: sealing, RefreshSecret: refresh, LinkSecret: links, PublicURL: cfg.PublicURL,
		Issue:        in.Keys.Access,
		Settings:     current,
		LinkCustomer: in.Customers.Link,
		Publish:      app.Publish{Changed: events.Changed, Verified: events.Verified, Link: events.Link, Notice: events.Notice},
		Wake:         in.Relay.Wake, Now: in.Clock, NewID: in.ID, Log: in.Log,
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

// newFirstOwner has the link of the first owner kept, or removed, before the process serves;
// nil where nobody keeps it.
func newFirstOwner(cfg Config, start fx.Lifecycle, accounts *app.Accounts) *app.FirstOwner {
	if cfg.KeepOwnerLink == nil {
		return nil
	}
	first := app.NewFirstOwner(accounts, cfg.KeepOwnerLink)
	start.Append(fx.StartHook(first.Update))
	return first
}

func accountRunners(accounts *app.Accounts, first *app.FirstOwner, hasher *passwords.Hasher) []kitapp.Runner {
	runners := []kitapp.Runner{
		{Name: "password hasher", Run: hasher.Run},
		{Name: "mail requests", Run: accounts.RunMailRequests},
		{Name: "republisher", Run: accounts.Republisher().Run},
		{Name: "mail republisher", Run: accounts.MailRepublisher().Run},
		{Name: "account purge", Run: func(ctx context.Context) error { return accounts.RunPurge(ctx) }},
	}
	if first != nil {
		runners = append(runners, kitapp.Runner{Name: "first owner", Run: first.Run})
	}
	return runners
}
