// Package identity knows who calls the shop: accounts with their passwords, sessions and
// roles, API keys, and the keys that access tokens are signed with. It publishes
// AccountChanged and AccountVerified, and MailLinkRequested and AccountNoticed, on which
// notification mails.
package identity

import (
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"connectrpc.com/connect/v2"
	"go.uber.org/fx"
	"google.golang.org/protobuf/types/known/durationpb"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/events"
	"github.com/shopmesh/shopmesh/services/identity/internal/operations"
	"github.com/shopmesh/shopmesh/services/identity/internal/passwords"
	"github.com/shopmesh/shopmesh/services/identity/internal/peers"
	"github.com/shopmesh/shopmesh/services/identity/internal/rpc"
)

// Name is the context's name.
const Name = "identity"

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the goose migrations of the context's database.
func Migrations() fs.FS { return kitapp.Migrations(migrations) }

// Config is what the context needs from its process.
type Config struct {
	Context kitapp.ContextConfig
	// Key encrypts the secrets in the context's database.
	Key Key
	// PublicURL is where the shop is reached: who issues tokens (iss), and where links in
	// mails lead.
	PublicURL string
	// Contexts are the names of all contexts of the shop.
	Contexts []string
}

// Check refuses what can't be right. Its error holds no part of the key.
func (c Config) Check() error {
	if c.PublicURL == "" {
		return errors.New(kitapp.PublicURLVariable + " is not set: give the URL at which the shop is reached, such as https://shop.example")
	}
	_, err := c.Key.sealing()
	return err
}

// DefaultSettings are what holds where an owner set nothing.
func DefaultSettings() *identityv1.Settings {
	return &identityv1.Settings{SigningKeyPeriod: durationpb.New(30 * 24 * time.Hour)}
}

// Module is the context, to be put into a process.
func Module(cfg Config) fx.Option {
	return fx.Module(Name,
		kitapp.Context(Name, cfg.Context, Migrations()),
		fx.Provide(
			func(source *settings.Source) (*settings.Live[domain.Settings], error) {
				return settings.NewLive(source, DefaultSettings(), readSettings)
			},
			func(in signingDeps) (*app.SigningKeys, error) { return newSigningKeys(cfg, in) },
			func(in accountDeps) (*app.Accounts, error) { return newAccounts(cfg, in) },
			func() rpc.Cookie { return rpc.CookieFor(cfg.PublicURL) },
			passwords.NewHasher, peers.NewCustomers, operations.New, fx.Private,
		),
		kitapp.Join(newService),
	)
}

func readSettings(set *identityv1.Settings) (domain.Settings, error) {
	return domain.Settings{SigningKeyPeriod: set.GetSigningKeyPeriod().AsDuration()}, nil
}

type signingDeps struct {
	fx.In

	Start    fx.Lifecycle
	Pool     *pg.Pool
	Settings *settings.Live[domain.Settings]
	Clock    kitapp.Clock
	Log      *slog.Logger
}

// newSigningKeys has the first key made, or those read that there are, before requests are
// taken.
func newSigningKeys(cfg Config, in signingDeps) (*app.SigningKeys, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	sealing, err := cfg.Key.sealing()
	if err != nil {
		return nil, err
	}
	keys := &app.SigningKeys{
		Pool: in.Pool, Settings: in.Settings, Sealing: sealing, Issuer: cfg.PublicURL, Audience: kitapp.TokenAudience,
		Contexts: cfg.Contexts, Log: in.Log, Now: in.Clock,
	}
	in.Start.Append(fx.StartHook(keys.Rotate))
	return keys, nil
}

func newService(
	keys *app.SigningKeys, accounts *app.Accounts, hasher *passwords.Hasher, cookie rpc.Cookie, operate *operations.Operations,
) kitapp.Service {
	return kitapp.Service{
		Name: Name,
		Register: func(server *connect.Server) {
			rpc.NewTokenServer(keys, accounts).Register(server)
			rpc.NewAccountServer(accounts, cookie).Register(server)
			rpc.NewStaffServer(accounts, cookie).Register(server)
		},
		Gateway: []kitrpc.GatewayFunc{
			kitrpc.Gateway(identityv1.RegisterTokenServiceHandlerClient, identityv1.NewTokenServiceClient),
			kitrpc.Gateway(identityv1.RegisterAccountServiceHandlerClient, identityv1.NewAccountServiceClient),
			kitrpc.Gateway(identityv1.RegisterStaffServiceHandlerClient, identityv1.NewStaffServiceClient),
		},
		HTTP:                 rpc.WellKnown(keys),
		Operator:             rpc.Operator(keys),
		Runners:              append([]kitapp.Runner{{Name: "key rotation", Run: keys.RunRotation}}, accountRunners(accounts, hasher)...),
		IdempotencyRetention: func() time.Duration { return idempotency.Retention },
		Topics: func() []kafka.Topic {
			return append([]kafka.Topic{{Name: events.AccountTopic, Compacted: true}}, accountTopics()...)
		},
		Operations: operate,
	}
}
