// Package identity knows who calls the shop: accounts with their passwords, sessions and
// roles, API keys, and the keys that access tokens are signed with. It publishes
// AccountChanged and AccountVerified, and MailLinkRequested and AccountNoticed, on which
// notification mails; it consumes CustomerErased, and keeps the activity log out of every
// context's ActivityRecorded.
package identity

import (
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"connectrpc.com/connect/v2"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/consumer"
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
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
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
	// Public reports that the API is reached from other machines (kitapp.Edge), so that those who work for
	// the shop need a second factor. An https:// PublicURL reports it, too.
	Public bool
	// Contexts are the names of all contexts of the shop.
	Contexts []string
	// Hasher is the command line of a program that calls HashPasswords (HashCommand), for
	// passwords that are hashed in a process of their own; empty where tests hash in this one.
	Hasher []string
	// KeepOwnerLink stores the link of the shop's first owner where whoever owns the machine's
	// files finds it, in the place of the one before; an empty one is removed. Nil where
	// operators invite the first owner, as shopmesh owner create does.
	KeepOwnerLink func(link string) error
}

// Check refuses what can't be right. Its error holds no part of the key.
func (c Config) Check() error {
	if c.PublicURL == "" {
		return errors.New(kitapp.PublicURLVariable + " is not set: give the URL at which the shop is reached, such as https://shop.example")
	}
	_, err := c.Key.sealing()
	return err
}

// Module is the context, to be put into a process.
func Module(cfg Config) fx.Option {
	return fx.Module(Name,
		kitapp.Context(Name, cfg.Context, Migrations()),
		fx.Provide(
			func(source *settings.Source) (*settings.Live[domain.Settings], error) {
				return settings.NewLive(source, settings.Defaults[*identityv1.Settings](), func(set *identityv1.Settings) (domain.Settings, error) {
					return protoconv.Settings(set), nil
				})
			},
			func(in signingDeps) (*app.SigningKeys, error) { return newSigningKeys(cfg, in) },
			func(in accountDeps) (*app.Accounts, error) { return newAccounts(cfg, in) },
			func(start fx.Lifecycle, accounts *app.Accounts) *app.FirstOwner {
				return newFirstOwner(cfg, start, accounts)
			},
			func() rpc.Cookie { return rpc.CookieFor(cfg.PublicURL) },
			func() Config { return cfg },
			func(log *slog.Logger) *passwords.Hasher { return passwords.NewHasher(cfg.Hasher, log) },
			peers.NewCustomers, newConsumer, operations.New, fx.Private,
		),
		kitapp.Join(newService),
	)
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

func newConsumer(
	cfg Config, pool *pg.Pool, accounts *app.Accounts, broker kafka.Config, log *slog.Logger, meter metric.MeterProvider, tracer trace.TracerProvider,
) *consumer.Consumer {
	return consumer.New("shopmesh."+Name, pool, consumer.Config{
		Kafka: broker, Topics: append(activityTopics(cfg), events.CustomerTopic), Meter: meter, Tracer: tracer, Log: log,
	}, events.NewHandler(events.Handlers{Erase: accounts.Erase, Keep: app.Activities{Pool: pool}.Keep}))
}

// activityTopics are the names of the topics of the activity log.
func activityTopics(cfg Config) []string {
	names := make([]string, len(cfg.Contexts))
	for i, context := range cfg.Contexts {
		names[i] = kitapp.ActivityTopic(context).Name
	}
	return names
}

func newService(
	cfg Config, pool *pg.Pool, keys *app.SigningKeys, accounts *app.Accounts, first *app.FirstOwner, hasher *passwords.Hasher,
	inbound *consumer.Consumer, cookie rpc.Cookie, operate *operations.Operations,
) kitapp.Service {
	return kitapp.Service{
		Name: Name,
		Register: func(server *connect.Server) {
			rpc.NewTokenServer(keys, accounts).Register(server)
			rpc.NewAccountServer(accounts, cookie).Register(server)
			rpc.NewStaffServer(accounts, cookie).Register(server)
			rpc.NewActivityServer(app.Activities{Pool: pool}).Register(server)
		},
		Gateway: []kitrpc.GatewayFunc{
			kitrpc.Gateway(identityv1.RegisterTokenServiceHandlerClient, identityv1.NewTokenServiceClient),
			kitrpc.Gateway(identityv1.RegisterAccountServiceHandlerClient, identityv1.NewAccountServiceClient),
			kitrpc.Gateway(identityv1.RegisterStaffServiceHandlerClient, identityv1.NewStaffServiceClient),
			kitrpc.Gateway(identityv1.RegisterActivityServiceHandlerClient, identityv1.NewActivityServiceClient),
		},
		HTTP:     rpc.WellKnown(keys),
		Operator: rpc.Operator(keys, accounts),
		Runners: append([]kitapp.Runner{
			{Name: "consumer", Run: inbound.Run},
			{Name: "key rotation", Run: keys.RunRotation},
		}, accountRunners(accounts, first, hasher)...),
		Topics: func() []kafka.Topic {
			topics := append([]kafka.Topic{
				{Name: events.AccountTopic, Compacted: true},
				{Name: events.CustomerTopic},
			}, accountTopics()...)
			for _, name := range activityTopics(cfg) {
				if name != kitapp.ActivityTopic(Name).Name {
					topics = append(topics, kafka.Topic{Name: name, Partitions: 1})
				}
			}
			return topics
		},
		IdempotencyRetention: func() time.Duration { return idempotency.Retention },
		Operations:           operate,
	}
}
