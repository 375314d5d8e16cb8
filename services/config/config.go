// Package config is what the owner sets for all services: the settings of each context in
// versions, checked when they are written, sent to the services that apply them, and rolled
// back where they were wrong.
//
// No service waits for config: each keeps the settings that it applied last, and follows
// config by WatchSettings (kit/settings).
package config

import (
	"embed"
	"io/fs"
	"log/slog"

	"connectrpc.com/connect/v2"
	"go.uber.org/fx"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/services/config/internal/app"
	"github.com/shopmesh/shopmesh/services/config/internal/operations"
	"github.com/shopmesh/shopmesh/services/config/internal/rpc"
	"github.com/shopmesh/shopmesh/services/config/internal/store"
)

// Name is the context's name.
const Name = "config"

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the goose migrations of config's database.
func Migrations() fs.FS { return kitapp.Migrations(migrations) }

// Config is what config needs.
type Config struct {
	Context kitapp.ContextConfig
}

// Module is config, to be put into a process.
func Module(cfg Config) fx.Option {
	return fx.Module(Name,
		kitapp.Context(Name, cfg.Context, Migrations()),
		fx.Provide(
			newChanges,
			func(pool *pg.Pool, changes *app.Changes, process kitapp.Process, clock kitapp.Clock, id kitapp.NewID, log *slog.Logger) *app.Settings {
				return &app.Settings{Deps: app.Deps{
					Pool: pool, File: cfg.Context.SettingsFile, DefaultEdge: process.DefaultEdge, Changes: changes, Now: clock, NewID: id, Log: log,
				}}
			},
			operations.New,
			fx.Private,
		),
		kitapp.Join(newService),
	)
}

// newChanges runs with the listeners, not with the workers: watching settings needs no
// broker.
func newChanges(lc fx.Lifecycle, pool *pg.Pool, log *slog.Logger) *app.Changes {
	changes := app.NewChanges(store.On(pool).Count, log)
	lc.Append(fx.StartStopHook(changes.Start, changes.Stop))
	return changes
}

func newService(settings *app.Settings, operate *operations.Operations) kitapp.Service {
	return kitapp.Service{
		Name:     Name,
		Register: func(server *connect.Server) { rpc.NewServer(settings).Register(server) },
		Gateway: []kitrpc.GatewayFunc{
			kitrpc.Gateway(configv1.RegisterConfigServiceHandlerClient, configv1.NewConfigServiceClient),
		},
		Operations: operate,
	}
}
