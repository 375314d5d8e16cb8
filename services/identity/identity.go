// Package identity knows who calls the shop: it keeps the keys that access tokens are
// signed with, and will keep accounts and sessions. It publishes AccountChanged.
package identity

import (
	"embed"
	"io/fs"
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
			func() (domain.Settings, error) { return loadSettings(cfg.Context.SettingsFile) },
			newSigningKeys, operations.New, fx.Private,
		),
		kitapp.Join(newService),
	)
}

func loadSettings(file string) (domain.Settings, error) {
	set, err := settings.Load(file, Name, DefaultSettings())
	if err != nil {
		return domain.Settings{}, err
	}
	return domain.Settings{SigningKeyPeriod: set.GetSigningKeyPeriod().AsDuration()}, nil
}

func newSigningKeys(pool *pg.Pool, set domain.Settings, clock kitapp.Clock) *app.SigningKeys {
	return &app.SigningKeys{Pool: pool, Settings: set, Now: clock}
}

func newService(keys *app.SigningKeys, operate *operations.Operations) kitapp.Service {
	return kitapp.Service{
		Name:     Name,
		Register: func(server *connect.Server) { rpc.NewTokenServer(keys).Register(server) },
		Gateway: []kitrpc.GatewayFunc{
			kitrpc.Gateway(identityv1.RegisterTokenServiceHandlerClient, identityv1.NewTokenServiceClient),
		},
		IdempotencyRetention: idempotency.Retention,
		Topics:               []kafka.Topic{{Name: events.AccountTopic, Compacted: true}},
		Operations:           operate,
	}
}
