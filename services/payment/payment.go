// Package payment is the money for orders: taken once when an order awaits it, and
// given back when the order ends or when someone asks for it. It hears what order
// says and says PaymentCaptured, PaymentFailed and PaymentRefunded.
//
// It keeps no personal data: a payment knows its order's id and its amount, and
// neither name nor address. So it has nothing to blank when a customer's data is
// erased, and does not listen to CustomerErased.
package payment

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"
	"google.golang.org/protobuf/types/known/durationpb"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/payment/internal/app"
	"github.com/shopmesh/shopmesh/services/payment/internal/events"
	"github.com/shopmesh/shopmesh/services/payment/internal/operations"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider/sandbox"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider/stripe"
	"github.com/shopmesh/shopmesh/services/payment/internal/rpc"
)

// Name is the context's name.
const Name = "payment"

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the goose migrations of payment's database.
func Migrations() fs.FS { return kitapp.Migrations(migrations) }

// Config says what payment stands on.
type Config struct {
	Context kitapp.ContextConfig
	// SandboxDatabase is the database of the sandbox provider's own ledger: another
	// one than the context's, as a provider's is. The sandbox migrates it.
	SandboxDatabase pg.Config
	// Stripe takes payments by "pm_…"; the zero StripeConfig declines them.
	Stripe StripeConfig
}

// DefaultSettings are what holds where an owner set nothing.
func DefaultSettings() *paymentv1.Settings {
	return &paymentv1.Settings{
		ProviderTimeout:  durationpb.New(10 * time.Second),
		RetryAfter:       durationpb.New(time.Second),
		SandboxSlowDelay: durationpb.New(3 * time.Second),

		IdempotencyRetention: durationpb.New(idempotency.Retention),
		EventRetention:       durationpb.New(kafka.DefaultRetention),
	}
}

// Module is payment, to be put into a process.
func Module(cfg Config) fx.Option {
	return fx.Module(Name,
		kitapp.Context(Name, cfg.Context, Migrations()),
		fx.Provide(
			func() (*paymentv1.Settings, error) {
				return settings.Load(cfg.Context.SettingsFile, Name, DefaultSettings())
			},
			func(lc fx.Lifecycle, set *paymentv1.Settings, log *slog.Logger) (*sandbox.Sandbox, error) {
				return openSandbox(lc, cfg.SandboxDatabase, set, log)
			},
			func(clock kitapp.Clock, log *slog.Logger) (*stripe.Stripe, error) {
				return newStripe(cfg.Stripe, clock, log)
			},
			newProviders,
			app.NewPark,
			newDeps,
			func(relay *outbox.Relay) app.Recorder { return app.Recorder{Wake: relay.Wake} },
			newChargeWorker,
			newConsumer,
			operations.New,
			fx.Private,
		),
		kitapp.Join(func(in serviceParams) kitapp.Service { return newService(cfg.Stripe, in) }),
	)
}

func newDeps(set *paymentv1.Settings, clock kitapp.Clock, id kitapp.NewID) app.Deps {
	return app.Deps{
		Terms:    app.Terms{ProviderTimeout: set.GetProviderTimeout().AsDuration(), RetryAfter: set.GetRetryAfter().AsDuration()},
		Provider: provider.Of, Now: clock, NewID: id,
	}
}

// openTimeout bounds how long the sandbox waits for its database and migrations.
const openTimeout = 2 * time.Minute

func openSandbox(lc fx.Lifecycle, cfg pg.Config, set *paymentv1.Settings, log *slog.Logger) (*sandbox.Sandbox, error) {
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	pool, err := pg.Open(ctx, sandbox.Name, cfg, log)
	if err != nil {
		return nil, err
	}
	if _, err := pg.Migrate(ctx, pool, pg.Schema{Context: sandbox.Name, Migrations: sandbox.Migrations(), Log: log}); err != nil {
		pool.Close()
		return nil, err
	}
	provider := sandbox.New(pool, sandbox.Config{SlowDelay: set.GetSandboxSlowDelay().AsDuration()}, log)
	lc.Append(fx.StopHook(func() {
		provider.Close()
		pool.Close()
	}))
	return provider, nil
}

func newChargeWorker(
	lc fx.Lifecycle, pool *pg.Pool, providers provider.Providers, deps app.Deps, recorder app.Recorder,
	park app.Park, tracer trace.TracerProvider, log *slog.Logger,
) *app.ChargeWorker {
	worker := app.NewChargeWorker(pool, providers, deps, recorder, park, tracer, log)
	lc.Append(fx.StopHook(worker.Close))
	return worker
}

func newConsumer(
	pool *pg.Pool, deps app.Deps, recorder app.Recorder, worker *app.ChargeWorker, cfg kafka.Config,
	log *slog.Logger, meter metric.MeterProvider, tracer trace.TracerProvider,
) *consumer.Consumer {
	apply := app.ApplyOrderEvents{Deps: deps, Recorder: recorder, Worker: worker}
	return consumer.New(events.Group, pool, consumer.Config{
		Kafka: cfg, Topics: []string{events.TopicOrder}, Meter: meter, Tracer: tracer, Log: log,
	}, events.Handler(apply.Apply))
}

type serviceParams struct {
	fx.In

	Pool       *pg.Pool
	Orders     *consumer.Consumer
	Worker     *app.ChargeWorker
	Deps       app.Deps
	Recorder   app.Recorder
	Park       app.Park
	Cards      *stripe.Stripe
	Operations *operations.Operations
	Settings   *paymentv1.Settings
	Log        *slog.Logger
}

func newService(cfg StripeConfig, in serviceParams) kitapp.Service {
	pool, deps, recorder := in.Pool, in.Deps, in.Recorder
	apply := app.HandleNotice{Pool: pool, Deps: deps, Recorder: recorder, Park: in.Park, Log: in.Log}
	server := rpc.NewServer(app.Reads{Pool: pool}, app.RefundPayment{Pool: pool, Deps: deps, Recorder: recorder, Worker: in.Worker})
	return kitapp.Service{
		Name:     Name,
		Register: server.Register,
		Gateway: []kitrpc.GatewayFunc{
			kitrpc.Gateway(paymentv1.RegisterPaymentServiceHandlerClient, paymentv1.NewPaymentServiceClient),
		},
		Runners: []kitapp.Runner{
			{Name: "consumer", Run: in.Orders.Run},
			{Name: "charge worker", Run: in.Worker.Run},
			{Name: "republisher", Run: app.Republisher(pool, deps, recorder).Run},
		},
		Topics: []kafka.Topic{
			{Name: events.TopicOrder},
			{Name: events.TopicPayment, Retention: in.Settings.GetEventRetention().AsDuration()},
		},
		HTTP:                 webhooks(cfg, in.Cards, apply),
		IdempotencyRetention: in.Settings.GetIdempotencyRetention().AsDuration(),
		Operations:           in.Operations,
	}
}
