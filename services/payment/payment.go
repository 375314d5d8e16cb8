// Package payment is the money for orders: taken once when an order awaits it, and
// given back when the order ends or when somebody requests it. It consumes order's
// events, and publishes PaymentCaptured, PaymentFailed and
// PaymentRefunded, and what a payment waits for or is disputed for.
//
// It holds no name and no address. OrderErased has it blank the reasons of refunds that
// somebody typed; see decision 0006.
package payment

import (
	"cmp"
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/payment/internal/app"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/events"
	"github.com/shopmesh/shopmesh/services/payment/internal/operations"
	"github.com/shopmesh/shopmesh/services/payment/internal/peers"
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

// Config is what payment runs on.
type Config struct {
	Context kitapp.ContextConfig
	// SandboxDatabase is the database of the sandbox provider's own ledger: another
	// one than the context's, as a provider's is. The sandbox migrates it.
	SandboxDatabase pg.Config
	// StripeURL is where Stripe's API is; empty for Stripe's own address.
	StripeURL string
	// PublicURL is where the shop is reached, whose page customers come back to where the
	// settings name no other; empty for no such page.
	PublicURL string
}

// paidPath is the page of the shop that leads from an order's id to the order.
const paidPath = "/orders/paid"

// returnURL is where banks' pages and Stripe's lead back to by default; empty for nowhere.
func (c Config) returnURL() string {
	if c.PublicURL == "" {
		return ""
	}
	return strings.TrimSuffix(c.PublicURL, "/") + paidPath
}

// Module is payment, to be put into a process.
func Module(cfg Config) fx.Option {
	return fx.Module(Name,
		kitapp.Context(Name, cfg.Context, Migrations()),
		fx.Provide(
			func(source *settings.Source) (*settings.Live[domain.Settings], error) {
				return settings.NewLive(source, settings.Defaults[*paymentv1.Settings](), func(set *paymentv1.Settings) (domain.Settings, error) {
					return readSettings(set, cfg)
				})
			},
			func(lc fx.Lifecycle, set *settings.Live[domain.Settings], log *slog.Logger) (*sandbox.Sandbox, error) {
				return openSandbox(lc, cfg.SandboxDatabase, set, log)
			},
			func(set *settings.Live[domain.Settings], clock kitapp.Clock) *cards {
				return newCards(cfg.StripeURL, set, clock)
			},
			func(cards *cards) operations.Stripe { return cards.account },
			newProviders,
			peers.NewOrders,
			newDeps,
			newChargeWorker,
			newPayments,
			newConsumer,
			operations.New,
			fx.Private,
		),
		kitapp.Join(newService),
	)
}

func readSettings(set *paymentv1.Settings, cfg Config) (domain.Settings, error) {
	limits := make(map[string]int64)
	for _, limit := range set.GetRefundStepUpLimits() {
		limits[limit.GetCurrency()] = limit.GetAmount()
	}
	read := domain.Settings{
		RefundStepUpLimits: limits,

		ProviderTimeout: set.GetProviderTimeout().AsDuration(), RetryAfter: set.GetRetryAfter().AsDuration(),
		ReconcileInterval: set.GetReconcileInterval().AsDuration(),
		SandboxSlowDelay:  set.GetSandboxSlowDelay().AsDuration(), ReturnURL: cmp.Or(set.GetReturnUrl(), cfg.returnURL()),
		IdempotencyRetention: set.GetIdempotencyRetention().AsDuration(), EventRetention: set.GetEventRetention().AsDuration(),
	}
	err := readStripe(set, cfg.Context.Secrets, &read)
	return read, err
}

type depsParams struct {
	fx.In

	Pool      *pg.Pool
	Relay     *outbox.Relay
	Providers provider.Providers
	Settings  *settings.Live[domain.Settings]
	Clock     kitapp.Clock
	NewID     kitapp.NewID
	Orders    *peers.Orders
	Meter     metric.MeterProvider
	Log       *slog.Logger
}

func newDeps(in depsParams) app.Deps {
	return app.Deps{
		Pool:      in.Pool,
		Recorder:  app.Recorder{Wake: in.Relay.Wake, EventSource: events.Source, ToOutbox: events.ToOutbox},
		Settings:  in.Settings,
		Providers: in.Providers, ProviderOf: provider.Of, OrderedLines: in.Orders.Lines, Alerts: app.NewAlerts(in.Meter, in.Log),
		Now: in.Clock, NewID: in.NewID, Log: in.Log,
	}
}

// openTimeout bounds how long the sandbox waits for its database and migrations.
const openTimeout = 2 * time.Minute

func openSandbox(lc fx.Lifecycle, cfg pg.Config, set *settings.Live[domain.Settings], log *slog.Logger) (*sandbox.Sandbox, error) {
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
	provider := sandbox.New(pool, sandbox.Config{SlowDelay: func() time.Duration { return set.Now().SandboxSlowDelay }}, log)
	lc.Append(fx.StopHook(func() {
		provider.Close()
		pool.Close()
	}))
	return provider, nil
}

func newChargeWorker(lc fx.Lifecycle, deps app.Deps, tracer trace.TracerProvider) *app.ChargeWorker {
	worker := app.NewChargeWorker(deps, tracer)
	lc.Append(fx.StopHook(worker.Close))
	return worker
}

func newPayments(deps app.Deps, worker *app.ChargeWorker) app.Payments {
	return app.Payments{Deps: deps, Worker: worker}
}

func newConsumer(
	payments app.Payments, cfg kafka.Config, log *slog.Logger, meter metric.MeterProvider, tracer trace.TracerProvider,
) *consumer.Consumer {
	return consumer.New(events.Group, payments.Pool, consumer.Config{
		Kafka: cfg, Topics: []string{events.OrderTopic}, Meter: meter, Tracer: tracer, Log: log,
	}, events.NewHandler(events.Handlers{Orders: payments.ApplyOrderEvents, Claim: payments.ClaimOrders, Erase: payments.EraseOrders}))
}

type serviceParams struct {
	fx.In

	Consumer   *consumer.Consumer
	Worker     *app.ChargeWorker
	Payments   app.Payments
	Cards      *cards
	Operations *operations.Operations
	Settings   *settings.Live[domain.Settings]
}

func newService(in serviceParams) kitapp.Service {
	return kitapp.Service{
		Name:     Name,
		Register: rpc.NewServer(in.Payments).Register,
		Gateway: []kitrpc.GatewayFunc{
			kitrpc.Gateway(paymentv1.RegisterPaymentServiceHandlerClient, paymentv1.NewPaymentServiceClient),
		},
		Runners: []kitapp.Runner{
			{Name: "consumer", Run: in.Consumer.Run},
			{Name: "charge worker", Run: in.Worker.Run},
			{Name: "republisher", Run: in.Payments.Republisher().Run},
			{Name: "reconciler", Run: in.Payments.Reconciler(stripe.Name).Run},
		},
		Topics: func() []kafka.Topic {
			return []kafka.Topic{
				{Name: events.OrderTopic},
				{Name: events.PaymentTopic, Retention: in.Settings.Now().EventRetention},
			}
		},
		HTTP:                 map[string]http.Handler{WebhookPath: in.Cards.webhook(in.Payments)},
		IdempotencyRetention: func() time.Duration { return in.Settings.Now().IdempotencyRetention },
		Operations:           in.Operations,
	}
}
