package app

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
)

// ContextConfig is what a context is given to run on.
type ContextConfig struct {
	// Database is the context's own.
	Database pg.Config
	// Kafka is the broker.
	Kafka kafka.Config
	// SettingsFile holds what an owner set instead of the config service; empty for none.
	SettingsFile string
	// Secrets are the values of the secrets that its settings name; nil for none.
	Secrets Secrets
	// SoleWriter promises that no other process can write to this database, as a
	// locked data directory proves: the relay then takes over at once.
	SoleWriter bool
}

// migrateTimeout bounds how long a context waits for its database and its
// migrations.
const migrateTimeout = 2 * time.Minute

// Partitions is how many partitions a topic has that states no number of its own, and
// so how many replicas of a context can share the work on it.
const Partitions = 4

// contextDeps is what the host needs of a context: its database for readiness, its
// broker for its topics, and what its common runners work with.
type contextDeps struct {
	name  string
	pool  *pg.Pool
	kafka kafka.Config
	relay *outbox.Relay
	clock Clock
	// activity writes the context's entries of the activity log.
	activity *activityLog
	// settings are the context's own, applied all that it applies.
	settings *settings.Source
	applied  *appliedSettings
}

// Migrations returns the files of the folder "migrations" that a context embeds.
func Migrations(embedded embed.FS) fs.FS {
	root, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the path is a constant and valid
	}
	return root
}

// Context opens a context's database, migrates it, runs the context's relay, and has what
// callers change recorded in the activity log.
//
// It provides, for the enclosing fx.Module alone: *pg.Pool, *kgo.Client (a producer),
// *outbox.Relay, *settings.Source of its own settings, OpenSettings, kafka.Config,
// *slog.Logger, Clock and NewID.
// trace.TracerProvider, metric.MeterProvider and *peer.Peers are provided by the process,
// for all modules; the calls of the module's *peer.Peers show that this context makes them.
func Context(name string, cfg ContextConfig, migrations fs.FS) fx.Option {
	return fx.Options(
		fx.Provide(
			func(log processLog) *slog.Logger { return log.With("context", name) },
			func() Clock { return now },
			func() NewID { return newUUIDv7 },
			func(log *slog.Logger) kafka.Config { return withClient(cfg.Kafka, name, log) },
			func(meter metric.MeterProvider, log *slog.Logger, clock Clock, id NewID) *activityLog {
				return newActivityLog(name, meter, log, clock, id)
			},
			func(lc fx.Lifecycle, p processContext, log *slog.Logger, tracer trace.TracerProvider, process Process, activity *activityLog) (*pg.Pool, error) {
				pool, err := openPool(lc, p, name, cfg.Database, migrations, log, tracer)
				if err == nil && !process.Idle { // nothing would publish what is written
					activity.recordIn(pool)
				}
				return pool, err
			},
			newProducer,
			func(p processContext, pool *pg.Pool, peers *peer.Peers, log *slog.Logger) *appliedSettings {
				return &appliedSettings{process: p, config: settings.Config{File: cfg.SettingsFile, Pool: pool, Peers: peers, Log: log}}
			},
			func(pool *pg.Pool, producer *kgo.Client, broker kafka.Config, log *slog.Logger, meter metric.MeterProvider) *outbox.Relay {
				return outbox.NewRelay(name, pool, producer, outbox.Config{SoleWriter: cfg.SoleWriter, Link: broker.Link, Log: log, Meter: meter})
			},
			fx.Private,
		),
		provideSettings(name),
		fx.Decorate(func(others *peer.Peers, process Process) *peer.Peers { return others.As(process.Signers[name]) }),
		fx.Provide(fx.Annotate(
			func(pool *pg.Pool, cfg kafka.Config, relay *outbox.Relay, clock Clock, activity *activityLog, own *settings.Source, applied *appliedSettings) contextDeps {
				return contextDeps{name: name, pool: pool, kafka: cfg, relay: relay, clock: clock, activity: activity, settings: own, applied: applied}
			},
			fx.ResultTags(`group:"contexts"`),
		)),
	)
}

func withClient(cfg kafka.Config, name string, log *slog.Logger) kafka.Config {
	cfg.Log = log
	if cfg.Link == nil {
		cfg.Link = kafka.NewLink(log)
	}
	if cfg.ClientID == "" {
		cfg.ClientID = "shopmesh-" + name
	}
	return cfg
}

func openPool(
	lc fx.Lifecycle, process processContext, name string, cfg pg.Config, migrations fs.FS,
	log *slog.Logger, tracer trace.TracerProvider,
) (*pg.Pool, error) {
	ctx, cancel := context.WithTimeout(process, migrateTimeout)
	defer cancel()
	if cfg.Tracer == nil && process.traced {
		cfg.Tracer = otelpgx.NewTracer(otelpgx.WithTracerProvider(tracer))
	}
	pool, err := pg.Open(ctx, name, cfg, log)
	if err != nil {
		return nil, err
	}
	version, err := pg.Migrate(ctx, pool, pg.Schema{
		Context: name, Migrations: migrations, Log: log,
		Kit: []pg.Tables{outbox.Tables(), consumer.Tables(), idempotency.Tables(), settings.Tables()},
	})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("migrate the database of %s: %w", name, err)
	}
	log.DebugContext(ctx, "database is ready", "schema_version", version)
	lc.Append(fx.StopHook(pool.Close))
	return pool, nil
}

func newProducer(lc fx.Lifecycle, cfg kafka.Config) (*kgo.Client, error) {
	producer, err := kafka.NewProducer(cfg)
	if err != nil {
		return nil, fmt.Errorf("make the producer: %w", err)
	}
	lc.Append(fx.StopHook(producer.Close))
	return producer, nil
}

// runners are those that every context has alike: the relay, what writes refused calls into
// the activity log, and the purge where answers to requests are kept.
func (d contextDeps) runners(service Service) []Runner {
	all := []Runner{{Name: "relay", Run: d.relay.Run}, {Name: "refusals", Run: d.activity.run}}
	if service.IdempotencyRetention != nil {
		all = append(all, Runner{Name: "purge", Run: func(ctx context.Context) error {
			return idempotency.RunPurge(ctx, d.pool, service.IdempotencyRetention, d.clock)
		}})
	}
	return all
}

// now is the time as PostgreSQL keeps it, in microseconds and UTC, so that what a call
// answers is what the next one reads.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func newUUIDv7() uuid.UUID {
	// It fails only where the system has no randomness left, and then nothing works.
	return uuid.Must(uuid.NewV7())
}
