// Package inventory is what the shop has: stock, its ledger, and the reservations
// of orders. It says what became of each order's reservation, and StockLevelChanged;
// it hears orders and products.
package inventory

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/inventory/internal/app"
	"github.com/shopmesh/shopmesh/services/inventory/internal/audit"
	"github.com/shopmesh/shopmesh/services/inventory/internal/catalog"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
	"github.com/shopmesh/shopmesh/services/inventory/internal/rpc"
)

// Name is the context's name.
const Name = "inventory"

// partitions bounds how many replicas can share the work on a topic.
const partitions = 4

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the goose migrations of inventory's database.
func Migrations() fs.FS {
	root, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the path is a constant and valid
	}
	return root
}

// Config says what inventory stands on.
type Config struct {
	Context kitapp.ContextConfig
}

// DefaultSettings are what holds where an owner set nothing.
func DefaultSettings() *inventoryv1.Settings {
	return &inventoryv1.Settings{
		LowStockThreshold: proto.Int64(5), LevelInterval: durationpb.New(2 * time.Second),
		IdempotencyRetention: durationpb.New(idempotency.Retention), EventRetention: durationpb.New(kafka.DefaultRetention),
	}
}

// Module is inventory, to be put into a process.
func Module(cfg Config) fx.Option {
	return fx.Module(Name,
		kitapp.Context(Name, cfg.Context, Migrations()),
		fx.Provide(
			func() (domain.Settings, error) { return loadSettings(cfg.Context.SettingsFile) },
			catalog.NewProducts,
			newStocks,
			newConsumer,
			audit.New,
			fx.Private,
		),
		kitapp.Join(newService),
	)
}

func loadSettings(file string) (domain.Settings, error) {
	loaded, err := settings.Load(file, Name, DefaultSettings())
	if err != nil {
		return domain.Settings{}, err
	}
	return domain.Settings{
		LowStockThreshold: loaded.GetLowStockThreshold(), LevelInterval: loaded.GetLevelInterval().AsDuration(),
		IdempotencyRetention: loaded.GetIdempotencyRetention().AsDuration(), EventRetention: loaded.GetEventRetention().AsDuration(),
	}, nil
}

func newStocks(pool *pg.Pool, relay *outbox.Relay, set domain.Settings, products *catalog.Products, clock kitapp.Clock) *app.Stocks {
	return &app.Stocks{
		Pool: pool, Settings: set, Catalog: products, Levels: app.NewLevels(), Wake: relay.Wake,
		Now: func() time.Time { return clock().UTC().Truncate(time.Microsecond) },
	}
}

func newConsumer(
	pool *pg.Pool, stocks *app.Stocks, cfg kafka.Config, log *slog.Logger,
	meter metric.MeterProvider, tracer trace.TracerProvider,
) *consumer.Consumer {
	return consumer.New("shopmesh."+Name, pool, consumer.Config{
		Kafka: cfg, Topics: []string{events.OrderTopic, events.ProductTopic}, Meter: meter, Tracer: tracer, Log: log,
	}, events.Handler(events.Uses{KnowProducts: stocks.KnowProducts, SettleOrders: stocks.SettleOrders}))
}

func newService(stocks *app.Stocks, relay *outbox.Relay, heard *consumer.Consumer, operations *audit.Operations) kitapp.Service {
	return kitapp.Service{
		Name:     Name,
		Register: rpc.NewServer(stocks).Register,
		Gateway: []kitrpc.GatewayFunc{
			kitrpc.Gateway(inventoryv1.RegisterInventoryServiceHandlerClient, inventoryv1.NewInventoryServiceClient),
		},
		Runners: []kitapp.Runner{
			{Name: "relay", Run: func(ctx context.Context) error { return relay.Run(ctx) }},
			{Name: "consumer", Run: func(ctx context.Context) error { return heard.Run(ctx) }},
			{Name: "levels", Run: stocks.RunLevels},
			{Name: "announce anew", Run: stocks.AnnounceAnew().Run},
			{Name: "expired reservations", Run: stocks.RunAsk},
			{Name: "forget requests", Run: func(ctx context.Context) error {
				return idempotency.RunPurge(ctx, stocks.Pool, stocks.Settings.IdempotencyRetention, stocks.Now)
			}},
		},
		Topics: []kafka.Topic{
			{Name: events.ReservationTopic, Partitions: partitions, Retention: stocks.Settings.EventRetention},
			{Name: events.StockTopic, Partitions: partitions, Compacted: true},
			{Name: events.OrderTopic, Partitions: partitions},
			{Name: events.ProductTopic, Partitions: partitions, Compacted: true},
		},
		Operations: operations,
	}
}
