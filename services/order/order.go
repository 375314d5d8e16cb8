// Package order is the context of what the shop sold: it prices and accepts orders, and
// it alone decides which state an order comes to. Inventory, payment and notification
// take their steps when order publishes an event, and report back; order publishes the
// event of an overdue step again until the report arrives.
package order

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/binary"
	"io/fs"
	"log/slog"
	"time"

	"connectrpc.com/connect/v2"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/order/internal/app"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/events"
	"github.com/shopmesh/shopmesh/services/order/internal/operations"
	"github.com/shopmesh/shopmesh/services/order/internal/peers"
	"github.com/shopmesh/shopmesh/services/order/internal/rpc"
)

// Name is the context's name.
const Name = "order"

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the goose migrations of order's database.
func Migrations() fs.FS { return kitapp.Migrations(migrations) }

// Config is what order needs.
type Config struct {
	Context kitapp.ContextConfig
	// PublicURL is where the shop is reached, and where links in mails lead.
	PublicURL string
}

// Module is order, to be put into a process.
func Module(cfg Config) fx.Option {
	return fx.Module(Name,
		kitapp.Context(Name, cfg.Context, Migrations()),
		fx.Provide(
			func(source *settings.Source) (*settings.Live[domain.Settings], error) {
				return settings.NewLive(source, settings.Defaults[*orderv1.Settings](), readSettings)
			},
			newZone,
			newTail,
			newBacklog,
			func(pool *pg.Pool) *app.GuestTokens { return newGuestTokens(pool, cfg.PublicURL) },
			newDeps,
			app.NewOrders,
			newProducts,
			app.NewCarts,
			app.NewPlacer,
			newConsumer,
			newServer,
			rpc.NewCartServer,
			operations.New,
			fx.Private,
		),
		kitapp.Join(newService),
	)
}

// newTail runs with the listeners, not with the workers: watching an order needs
// no broker.
func newTail(lc fx.Lifecycle, pool *pg.Pool, log *slog.Logger) *app.Tail {
	tail := app.NewTail(pool, log)
	lc.Append(fx.StartStopHook(tail.Start, tail.Stop))
	return tail
}

func newBacklog(pool *pg.Pool, clock kitapp.Clock, log *slog.Logger) *app.Backlog {
	return app.NewBacklog(func(ctx context.Context, most int64) (int64, time.Time, error) {
		return outbox.Waiting(ctx, pool.Hot(), most)
	}, clock, log)
}

func newGuestTokens(pool *pg.Pool, publicURL string) *app.GuestTokens {
	return app.NewGuestTokens(pool, publicURL, func(ctx context.Context) string { return kitrpc.ClientPrefix(ctx).String() })
}

func newDeps(
	pool *pg.Pool, relay *outbox.Relay, tokens *app.GuestTokens, tail *app.Tail, backlog *app.Backlog,
	set *settings.Live[domain.Settings], zone *settings.Live[*time.Location],
	others *peer.Peers, clock kitapp.Clock, id kitapp.NewID, log *slog.Logger,
) app.Deps {
	return app.Deps{
		Pool: pool, Settings: set, Zone: zone, Source: events.Source, ToOutbox: events.ToOutbox, ErasedToOutbox: events.Erased, ClaimedToOutbox: events.Claimed,
		Wake: relay.Wake, ReadNextAction: peers.ReadNextAction(others), Tokens: tokens, Tail: tail, Backlog: backlog, Now: clock, NewID: id, Random: randomBits, Log: log,
	}
}

// randomBits never fails: where the system has no randomness, the program ends.
func randomBits() uint64 {
	var bits [8]byte
	_, _ = rand.Read(bits[:])
	return binary.BigEndian.Uint64(bits[:])
}

func newProducts(pool *pg.Pool, others *peer.Peers) *app.Products {
	return &app.Products{Pool: pool, Lookup: peers.LookupProducts(others)}
}

func newConsumer(
	pool *pg.Pool, orders *app.Orders, products *app.Products, cfg kafka.Config, log *slog.Logger,
	meter metric.MeterProvider, tracer trace.TracerProvider,
) *consumer.Consumer {
	return consumer.New("shopmesh."+Name, pool, consumer.Config{
		Kafka: cfg,
		Topics: []string{
			events.ReservationTopic, events.PaymentTopic, events.NotificationTopic, events.ProductTopic, events.CustomerTopic,
			events.VerificationTopic,
		},
		Meter: meter, Tracer: tracer, Log: log,
	}, events.NewHandler(events.Handlers{ApplyProducts: products.Apply, ApplyEvents: orders.Apply, Erase: orders.Erase, Verify: orders.Verify}))
}

func newServer(orders *app.Orders, place *app.Placer, products *app.Products, others *peer.Peers) *rpc.Server {
	return rpc.NewServer(orders, place, products, peers.TimelineSources(others))
}

func newService(
	orders *app.Orders, carts *app.Carts, place *app.Placer, server *rpc.Server, cartServer *rpc.CartServer,
	inbound *consumer.Consumer, ops *operations.Operations,
) kitapp.Service {
	return kitapp.Service{
		Name: Name,
		Register: func(on *connect.Server) {
			server.Register(on)
			cartServer.Register(on)
		},
		Gateway: []kitrpc.GatewayFunc{
			kitrpc.Gateway(orderv1.RegisterOrderServiceHandlerClient, orderv1.NewOrderServiceClient),
			kitrpc.Gateway(orderv1.RegisterCartServiceHandlerClient, orderv1.NewCartServiceClient),
		},
		Runners: []kitapp.Runner{
			{Name: "consumer", Run: inbound.Run},
			{Name: "sweeper", Run: orders.RunSweeper},
			{Name: "cart sweeper", Run: carts.RunSweeper},
			{Name: "claims", Run: orders.RunClaims},
			{Name: "links", Run: orders.RunLinks},
			{Name: "backlog", Run: orders.Backlog.Run},
			{Name: "republisher", Run: orders.Republisher().Run},
			{Name: "claim republisher", Run: orders.ClaimRepublisher().Run},
		},
		Topics: func() []kafka.Topic {
			return []kafka.Topic{
				{Name: events.OrderTopic, Retention: orders.Settings.Now().EventRetention},
				{Name: events.ReservationTopic},
				{Name: events.PaymentTopic},
				{Name: events.NotificationTopic},
				{Name: events.ProductTopic, Compacted: true},
				{Name: events.CustomerTopic},
				{Name: events.VerificationTopic},
			}
		},
		Drain: func(context.Context) error {
			place.Close()
			return nil
		},
		IdempotencyRetention: func() time.Duration { return orders.Settings.Now().IdempotencyRetention },
		Operations:           ops,
	}
}
