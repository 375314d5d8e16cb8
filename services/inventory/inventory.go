// Package inventory is what the shop has: stock, its ledger, and the reservations
// of orders. It publishes what became of each order's reservation, and
// StockLevelChanged; it consumes events of orders and products, and erasures.
package inventory

import (
	"embed"
	"io/fs"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/inventory/internal/app"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
	"github.com/shopmesh/shopmesh/services/inventory/internal/operations"
	"github.com/shopmesh/shopmesh/services/inventory/internal/peers"
	"github.com/shopmesh/shopmesh/services/inventory/internal/rpc"
)

// Name is the context's name.
const Name = "inventory"

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the goose migrations of inventory's database.
func Migrations() fs.FS { return kitapp.Migrations(migrations) }

// Config is what inventory needs.
type Config struct {
	Context kitapp.ContextConfig
}

// Module is inventory, to be put into a process.
func Module(cfg Config) fx.Option {
	return fx.Module(Name,
		kitapp.Context(Name, cfg.Context, Migrations()),
		fx.Provide(
			func(source *settings.Source) (*settings.Live[domain.Settings], error) {
				return settings.NewLive(source, settings.Defaults[*inventoryv1.Settings](), readSettings)
			},
			peers.NewProducts,
			newStocks,
			newConsumer,
			operations.New,
			fx.Private,
		),
		kitapp.Join(newService),
	)
}

func readSettings(set *inventoryv1.Settings) (domain.Settings, error) {
	return domain.Settings{
		LowStockThreshold: set.GetLowStockThreshold(), LevelInterval: set.GetLevelInterval().AsDuration(),
		IdempotencyRetention: set.GetIdempotencyRetention().AsDuration(), EventRetention: set.GetEventRetention().AsDuration(),
	}, nil
}

func newStocks(pool *pg.Pool, relay *outbox.Relay, set *settings.Live[domain.Settings], products *peers.Products, clock kitapp.Clock) *app.Stocks {
	return &app.Stocks{Deps: app.Deps{
		Pool: pool, Settings: set, Catalog: products, Levels: app.NewLevels(), Wake: relay.Wake, Now: clock,
		ToOutbox: events.ToOutbox,
	}}
}

func newConsumer(
	pool *pg.Pool, stocks *app.Stocks, cfg kafka.Config, log *slog.Logger,
	meter metric.MeterProvider, tracer trace.TracerProvider,
) *consumer.Consumer {
	return consumer.New("shopmesh."+Name, pool, consumer.Config{
		Kafka: cfg, Topics: []string{events.OrderTopic, events.ProductTopic, events.CustomerTopic}, Meter: meter, Tracer: tracer, Log: log,
	}, events.NewHandler(events.Handlers{AddProducts: stocks.AddProducts, ApplyOrders: stocks.ApplyOrders, ErasePersons: stocks.ErasePersons}))
}

func newService(stocks *app.Stocks, inbound *consumer.Consumer, ops *operations.Operations) kitapp.Service {
	return kitapp.Service{
		Name:     Name,
		Register: rpc.NewServer(stocks).Register,
		Gateway: []kitrpc.GatewayFunc{
			kitrpc.Gateway(inventoryv1.RegisterInventoryServiceHandlerClient, inventoryv1.NewInventoryServiceClient),
		},
		Runners: []kitapp.Runner{
			{Name: "consumer", Run: inbound.Run},
			{Name: "levels", Run: stocks.RunLevels},
			{Name: "republisher", Run: stocks.Republisher().Run},
			{Name: "sweeper", Run: stocks.RunExpired},
		},
		Topics: func() []kafka.Topic {
			return []kafka.Topic{
				{Name: events.ReservationTopic, Retention: stocks.Settings.Now().EventRetention},
				{Name: events.StockTopic, Compacted: true},
				{Name: events.OrderTopic},
				{Name: events.ProductTopic, Compacted: true},
				{Name: events.CustomerTopic},
			}
		},
		IdempotencyRetention: func() time.Duration { return stocks.Settings.Now().IdempotencyRetention },
		Operations:           ops,
	}
}
