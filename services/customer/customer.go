// Package customer keeps who buys: people, the addresses that goods are sent to, and
// their right to be forgotten. It publishes CustomerRegistered, CustomerUpdated and
// CustomerErased, consumes AccountVerified, and reads from order, payment and notification
// what an export holds.
package customer

import (
	"embed"
	"io/fs"
	"log/slog"
	"time"

	"connectrpc.com/connect/v2"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/customer/internal/app"
	"github.com/shopmesh/shopmesh/services/customer/internal/events"
	"github.com/shopmesh/shopmesh/services/customer/internal/operations"
	"github.com/shopmesh/shopmesh/services/customer/internal/peers"
	"github.com/shopmesh/shopmesh/services/customer/internal/rpc"
)

// Name is the context's name.
const Name = "customer"

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the goose migrations of the context's database.
func Migrations() fs.FS { return kitapp.Migrations(migrations) }

// Config is what the context needs from its process.
type Config struct {
	Context kitapp.ContextConfig
}

// Module is the context, to be put into a process.
func Module(cfg Config) fx.Option {
	return fx.Module(Name,
		kitapp.Context(Name, cfg.Context, Migrations()),
		fx.Provide(
			func(source *settings.Source) (*settings.Live[*customerv1.Settings], error) {
				return settings.NewLive(source, settings.Defaults[*customerv1.Settings](), func(set *customerv1.Settings) (*customerv1.Settings, error) { return set, nil })
			},
			peers.NewRecords, newCustomers, newConsumer, operations.New, fx.Private,
		),
		kitapp.Join(newService),
	)
}

func newCustomers(
	pool *pg.Pool, relay *outbox.Relay, records *peers.Records, clock kitapp.Clock, id kitapp.NewID,
) *app.Customers {
	return &app.Customers{Deps: app.Deps{
		Pool: pool, ToOutbox: events.ToOutbox, GuestToOutbox: events.GuestToOutbox,
		OpenOrders: records.OpenOrders, Records: records.Of, Wake: relay.Wake, Now: clock, NewID: id,
	}}
}

func newConsumer(
	pool *pg.Pool, customers *app.Customers, cfg kafka.Config, log *slog.Logger, meter metric.MeterProvider, tracer trace.TracerProvider,
) *consumer.Consumer {
	return consumer.New("shopmesh."+Name, pool, consumer.Config{
		Kafka: cfg, Topics: []string{events.VerificationTopic}, Meter: meter, Tracer: tracer, Log: log,
	}, events.NewHandler(events.Handlers{FollowSignIn: customers.FollowSignIn}))
}

func newService(
	customers *app.Customers, inbound *consumer.Consumer, set *settings.Live[*customerv1.Settings], operate *operations.Operations,
) kitapp.Service {
	return kitapp.Service{
		Name:     Name,
		Register: func(server *connect.Server) { rpc.NewServer(customers).Register(server) },
		Gateway: []kitrpc.GatewayFunc{
			kitrpc.Gateway(customerv1.RegisterCustomerServiceHandlerClient, customerv1.NewCustomerServiceClient),
		},
		Runners: []kitapp.Runner{
			{Name: "consumer", Run: inbound.Run},
			{Name: "republisher", Run: customers.Republisher().Run},
			{Name: "guest republisher", Run: customers.GuestRepublisher().Run},
			{Name: "guest purge", Run: customers.PurgeGuests},
		},
		IdempotencyRetention: func() time.Duration { return idempotency.Retention },
		Topics: func() []kafka.Topic {
			return []kafka.Topic{
				{Name: events.CustomerTopic, Retention: set.Now().GetEventRetention().AsDuration()},
				{Name: events.VerificationTopic},
			}
		},
		Operations: operate,
	}
}
