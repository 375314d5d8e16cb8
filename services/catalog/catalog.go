// Package catalog keeps what the shop sells: categories and products. It publishes
// ProductChanged, and consumes inventory's StockLevelChanged, which reports how many of
// a product can be bought.
package catalog

import (
	"embed"
	"io/fs"
	"log/slog"
	"time"

	"connectrpc.com/connect/v2"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/catalog/internal/app"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/events"
	"github.com/shopmesh/shopmesh/services/catalog/internal/operations"
	"github.com/shopmesh/shopmesh/services/catalog/internal/rpc"
)

// Name is the context's name.
const Name = "catalog"

// group is the consumer group of the context.
const group = "shopmesh." + Name

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the goose migrations of the catalog's database.
func Migrations() fs.FS { return kitapp.Migrations(migrations) }

// Config is what the catalog needs from its process.
type Config struct {
	Context kitapp.ContextConfig
}

// Module is the catalog, to be put into a process.
func Module(cfg Config) fx.Option {
	return fx.Module(Name,
		kitapp.Context(Name, cfg.Context, Migrations()),
		fx.Provide(
			newSettings,
			func(clock kitapp.Clock, meter metric.MeterProvider) (*app.Cache, error) {
				return newCache(cfg.Context, clock, meter)
			},
			newProducts,
			newCategories,
			newStockConsumer,
			func(kafka kafka.Config, cache *app.Cache, log *slog.Logger) follower {
				return newFollower(cfg.Context, kafka, cache, log)
			},
			operations.New,
			fx.Private,
		),
		kitapp.Join(newService),
	)
}

// newSettings has the settings of the shop as a whole read: catalog has none of its own.
func newSettings(open kitapp.OpenSettings) (*settings.Live[domain.Settings], error) {
	source, err := open("shop")
	if err != nil {
		return nil, err
	}
	return settings.NewLive(source, settings.Defaults[*shopv1.Settings](), func(set *shopv1.Settings) (domain.Settings, error) {
		return domain.NewSettings(set.GetCurrency())
	})
}

// newCache makes the cache of products. Where all contexts share a process, its
// memory is short; there, no other process changes the database.
func newCache(cfg kitapp.ContextConfig, clock kitapp.Clock, meter metric.MeterProvider) (*app.Cache, error) {
	limits := app.CacheLimits{Entries: 50_000, Bytes: 64 << 20}
	if cfg.SoleWriter {
		limits.Bytes = 12 << 20
	}
	cache := app.NewCache(limits, cfg.SoleWriter, clock)
	return cache, cache.Measure(meter)
}

// follower keeps the cache right about changes that other replicas make.
type follower []kitapp.Runner

func newFollower(cfg kitapp.ContextConfig, kafka kafka.Config, cache *app.Cache, log *slog.Logger) follower {
	if cfg.SoleWriter {
		return nil
	}
	return follower{{Name: "product cache", Run: events.Follow(kafka, group, cache, log).Run}}
}

func newProducts(
	pool *pg.Pool, relay *outbox.Relay, set *settings.Live[domain.Settings], cache *app.Cache, clock kitapp.Clock, id kitapp.NewID,
) *app.Products {
	return &app.Products{Deps: app.Deps{
		Pool: pool, Settings: set, ToOutbox: events.ToOutbox, Cache: cache, Wake: relay.Wake, Now: clock, NewID: id,
	}}
}

func newCategories(products *app.Products) *app.Categories {
	return &app.Categories{Deps: products.Deps}
}

func newStockConsumer(
	pool *pg.Pool, products *app.Products, cfg kafka.Config, log *slog.Logger,
	meter metric.MeterProvider, tracer trace.TracerProvider,
) *consumer.Consumer {
	return consumer.New(group, pool, consumer.Config{
		Kafka: cfg, Topics: []string{events.StockTopic}, Meter: meter, Tracer: tracer, Log: log,
	}, events.NewHandler(events.Handlers{SetAvailability: products.SetAvailability}))
}

func newService(
	products *app.Products, categories *app.Categories,
	stock *consumer.Consumer, follow follower, operate *operations.Operations,
) kitapp.Service {
	return kitapp.Service{
		Name: Name,
		Register: func(server *connect.Server) {
			rpc.NewCategoryServer(categories).Register(server)
			rpc.NewProductServer(products).Register(server)
		},
		Gateway: []kitrpc.GatewayFunc{
			kitrpc.Gateway(catalogv1.RegisterCategoryServiceHandlerClient, catalogv1.NewCategoryServiceClient),
			kitrpc.Gateway(catalogv1.RegisterProductServiceHandlerClient, catalogv1.NewProductServiceClient),
		},
		Runners: append([]kitapp.Runner{
			{Name: "consumer", Run: stock.Run},
			{Name: "republisher", Run: products.Republisher().Run},
		}, follow...),
		IdempotencyRetention: func() time.Duration { return idempotency.Retention },
		Topics: func() []kafka.Topic {
			return []kafka.Topic{
				{Name: events.ProductTopic, Compacted: true},
				{Name: events.StockTopic, Compacted: true},
			}
		},
		Operations: operate,
	}
}
