// Package notification is the mails that the shop sends to its customers: one per
// confirmed, cancelled and shipped order, per refund and per correction of a paid order,
// kept in a mailbox and handed to a mail server. It consumes events of orders and
// erasures, and publishes NotificationSent and NotificationFailed, which order awaits.
//
// # What may happen twice
//
// A mail is known by its kind and subject, so however often its event comes, it is
// one mail. It is handed over until the mail server's 250 is recorded. Between that
// 250 and our commit lies the only window in which it can be handed over once more:
// when the process or the database dies in it, or when the connection ends after the
// mail was sent and before the answer came. Every attempt carries the same
// Message-ID. The built-in inbox, and every server that drops a Message-ID it has
// taken, then delivers it once; other servers may deliver it twice. No mail is ever
// lost.
//
// # What is kept
//
// The mailbox keeps the content of the event, not the rendered texts: rows stay small,
// and the texts are rendered from it, by template version, shop name and legal notices, the
// same at every attempt and whenever somebody reads them. The content of a delivered mail is
// dropped when its retention is over; the row, whose key keeps the mail from being
// sent again, stays for ever.
package notification

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/notification/internal/app"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/events"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
	"github.com/shopmesh/shopmesh/services/notification/internal/operations"
	"github.com/shopmesh/shopmesh/services/notification/internal/peers"
	"github.com/shopmesh/shopmesh/services/notification/internal/rpc"
	"github.com/shopmesh/shopmesh/services/notification/internal/smtp"
)

// Name is the context's name.
const Name = "notification"

const (
	// connections is how many mails are handed over at a time.
	connections = 8
	// reportAfter is how long the mail server may take no mails before it is reported.
	reportAfter = 10 * time.Second
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the goose migrations of notification's database.
func Migrations() fs.FS { return kitapp.Migrations(migrations) }

// Config is what notification stands on.
type Config struct {
	Context kitapp.ContextConfig
	// SMTPURL is the mail server: smtp://user:password@host:port or smtps://…, with the
	// optional parameters starttls=required|opportunistic|never and ca=FILE. Required.
	SMTPURL string
}

// Module is notification, to be put into a process.
func Module(cfg Config) fx.Option {
	return fx.Module(Name,
		kitapp.Context(Name, cfg.Context, Migrations()),
		fx.Provide(
			func(source *settings.Source) (*settings.Live[domain.Settings], error) {
				return settings.NewLive(source, settings.Defaults[*notificationv1.Settings](), readSettings)
			},
			newShop,
			func() (smtp.Server, error) { return smtp.ParseURL(cfg.SMTPURL) },
			mail.Parse,
			peers.NewLinks,
			newMailServer,
			newSender,
			newErasure,
			newMailbox,
			newNotifications,
			newBodies,
			newConsumer,
			newOperations,
			fx.Private,
		),
		kitapp.Join(newService),
	)
}

func readSettings(loaded *notificationv1.Settings) (domain.Settings, error) {
	return domain.Settings{
		RetryPolicy: domain.RetryPolicy{
			RetryAfter: loaded.GetRetryAfter().AsDuration(), GiveUpAfter: loaded.GetGiveUpAfter().AsDuration(),
		},
		BodyRetention: loaded.GetBodyRetention().AsDuration(), EventRetention: loaded.GetEventRetention().AsDuration(),
	}, nil
}

// newShop has the settings of the shop as a whole read, too.
func newShop(open kitapp.OpenSettings) (*settings.Live[domain.Shop], error) {
	source, err := open("shop")
	if err != nil {
		return nil, err
	}
	return settings.NewLive(source, settings.Defaults[*shopv1.Settings](), readShop)
}

func readShop(loaded *shopv1.Settings) (domain.Shop, error) {
	notices := loaded.GetLegalNotices()
	shop := domain.Shop{
		ShopDetails: domain.ShopDetails{
			Name:         loaded.GetName(),
			LegalNotices: domain.NewLegalNotices(notices.GetImprintUrl(), notices.GetTermsUrl(), notices.GetPrivacyUrl(), notices.GetWithdrawalUrl()),
		},
		Sender: loaded.GetSenderEmail(), SenderName: loaded.GetSenderName(), ReplyTo: loaded.GetReplyToEmail(),
		Subjects: make(map[domain.Kind]string),
	}
	for _, subject := range loaded.GetMailSubjects() {
		shop.Subjects[domain.Kind(subject.GetKind())] = subject.GetSubject()
	}
	return shop, nil
}

func newMailServer(lc fx.Lifecycle, server smtp.Server, log *slog.Logger) *smtp.Pool {
	pool := smtp.NewPool(server, connections, log)
	lc.Append(fx.StopHook(pool.Close))
	return pool
}

func newSender(
	pool *pg.Pool, server *smtp.Pool, templates *mail.Templates, set *settings.Live[domain.Settings], shop *settings.Live[domain.Shop], links *peers.Links,
	now kitapp.Clock, log *slog.Logger, tracer trace.TracerProvider, meter metric.MeterProvider,
) *app.Sender {
	return app.NewSender(app.SenderConfig{
		Pool: pool, Server: server, Templates: templates, Settings: set, Shop: shop, ToOutbox: events.ToOutbox, MintLink: links.Mint, MintOrderLinks: links.MintForOrders,
		Now: now, Log: log, Tracer: tracer, Meter: meter,
	})
}

func newErasure(pool *pg.Pool, sender *app.Sender, now kitapp.Clock, log *slog.Logger) *app.Erasure {
	return &app.Erasure{Pool: pool, Sender: sender, ToOutbox: events.ToOutbox, Now: now, Log: log}
}

func newMailbox(
	sender *app.Sender, erasure *app.Erasure, templates *mail.Templates, shop *settings.Live[domain.Shop], now kitapp.Clock, id kitapp.NewID,
) *app.Mailbox {
	return &app.Mailbox{Sender: sender, Erasure: erasure, Templates: templates, Shop: shop, ToOutbox: events.ToOutbox, Now: now, NewID: id}
}

func newNotifications(pool *pg.Pool, sender *app.Sender, templates *mail.Templates, shop *settings.Live[domain.Shop], now kitapp.Clock) *app.Notifications {
	return &app.Notifications{Deps: app.Deps{Pool: pool, Sender: sender, Templates: templates, Shop: shop, Now: now}}
}

func newBodies(pool *pg.Pool, set *settings.Live[domain.Settings], now kitapp.Clock) *app.Bodies {
	return &app.Bodies{Pool: pool, Retention: func() time.Duration { return set.Now().BodyRetention }, Now: now}
}

func newConsumer(
	pool *pg.Pool, mailbox *app.Mailbox, cfg kafka.Config, log *slog.Logger,
	meter metric.MeterProvider, tracer trace.TracerProvider,
) *consumer.Consumer {
	return consumer.New("shopmesh."+Name, pool, consumer.Config{
		Kafka: cfg, Topics: []string{events.OrderTopic, events.CustomerTopic, events.IdentityTopic}, Meter: meter, Tracer: tracer, Log: log,
	}, events.NewHandler(events.Handlers{Apply: mailbox.Apply}))
}

func newOperations(pool *pg.Pool, relay *outbox.Relay, inbound *consumer.Consumer, now kitapp.Clock) *operations.Operations {
	return operations.New(pool, relay, inbound, now)
}

func newService(
	notifications *app.Notifications, sender *app.Sender, erasure *app.Erasure, bodies *app.Bodies, server *smtp.Pool, set *settings.Live[domain.Settings],
	inbound *consumer.Consumer, ops *operations.Operations,
) kitapp.Service {
	return kitapp.Service{
		Name:     Name,
		Register: rpc.NewServer(notifications).Register,
		Gateway: []kitrpc.GatewayFunc{
			kitrpc.Gateway(notificationv1.RegisterNotificationServiceHandlerClient, notificationv1.NewNotificationServiceClient),
		},
		Runners: []kitapp.Runner{
			{Name: "consumer", Run: inbound.Run},
			{Name: "sender", Run: sender.Run},
			{Name: "erasure", Run: erasure.Run},
			{Name: "forget texts", Run: bodies.Run},
			{Name: "mail server", Run: func(ctx context.Context) error { return watch(ctx, server) }},
		},
		Topics: func() []kafka.Topic {
			return []kafka.Topic{
				{Name: events.NotificationTopic, Retention: set.Now().EventRetention},
				{Name: events.OrderTopic},
				{Name: events.CustomerTopic},
				{Name: events.IdentityTopic},
			}
		},
		IdempotencyRetention: func() time.Duration { return idempotency.Retention },
		Operations:           ops,
	}
}

// watch fails while the mail server takes no mails, so that readiness shows why.
// The process stays ready: mails wait in the mailbox.
func watch(ctx context.Context, server *smtp.Pool) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		if err := server.Condition(reportAfter); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
