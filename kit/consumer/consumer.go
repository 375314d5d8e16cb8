// Package consumer applies events to a context's database. A polled batch is applied in
// one transaction, and its offsets are committed after that. So every event takes effect
// exactly once, as long as the handler is idempotent by a natural key or a version.
//
// While the database can't take events, the batch is retried for ever. An event that
// fails for another reason is found by splitting its batch, and becomes a dead letter: a
// row in the context's own database. Later events of its key are quarantined behind it;
// the events of all other keys are applied.
package consumer

import (
	"context"
	"embed"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Tables are the dead letters, for pg.Schema.
func Tables() pg.Tables { return pg.NewTables("dead_letters", migrations) }

// Event is what happened to an aggregate of some context, as its context published it.
type Event struct {
	Topic     string
	Partition int32
	Offset    int64
	// Key is the aggregate's id.
	Key uuid.UUID
	// ID is the event's identity: the same when it is republished.
	ID string
	// Type is the full name of the payload's message.
	Type string
	// Version is the aggregate's version after the event.
	Version int64
	// Time is when it happened.
	Time    time.Time
	Payload []byte
	// Span is the producer's span; it may be invalid. Traceparent is its text, for rows
	// that keep their trace and for events that follow (outbox.Event); empty when it is
	// invalid.
	Span        trace.SpanContext
	Traceparent string
}

// Decode reads the event's payload into m. It fails when the event is of another type.
func Decode[M proto.Message](e Event, m M) error {
	if name := string(m.ProtoReflect().Descriptor().FullName()); name != e.Type {
		return fmt.Errorf("event %s is a %s, not a %s", e.ID, e.Type, name)
	}
	if err := proto.Unmarshal(e.Payload, m); err != nil {
		return fmt.Errorf("decode event %s: %w", e.ID, err)
	}
	return nil
}

// Handler applies a batch in tx and has no effect outside of it. Events of one partition
// come in order, those of several topics in any order, and an event may come again beside
// new ones. A handler is therefore idempotent by a natural key, and ignores types that it
// does not know and versions older than the one that it has. Its context ends with the
// batch's time. After a rollback it runs again from the start.
type Handler func(ctx context.Context, tx *pg.Tx, batch []Event) error

// Config is what a consumer consumes.
type Config struct {
	Kafka  kafka.Config
	Topics []string
	// MaxBatch bounds the events of one transaction. 0 means 500.
	MaxBatch int
	// Meter, Tracer and Log are the global ones when nil.
	Meter  metric.MeterProvider
	Tracer trace.TracerProvider
	Log    *slog.Logger
}

// Consumer is one member of a consumer group.
type Consumer struct {
	group  string
	pool   *pg.Pool
	cfg    Config
	handle Handler
	log    *slog.Logger
	tracer trace.Tracer
	meters *meters
	bounds bounds
	// noDatabase and noBroker are what keeps it from applying events.
	noDatabase, noBroker *condition.Condition

	// mayBeQuarantined is false when no key of the group can be quarantined on this
	// member's partitions: batches then need no query for quarantined keys. It is set at
	// each assignment and with each dead letter, and cleared by a batch that finds none.
	mayBeQuarantined atomic.Bool
	client           atomic.Pointer[kgo.Client] // while Run runs
	topicLost        atomic.Bool                // the client ended because a topic was lost

	mu     sync.Mutex
	behind map[topicPartition]int64
}

// bounds are how long an attempt and a batch may take.
type bounds struct{ attempt, batch time.Duration }

type topicPartition struct {
	topic     string
	partition int32
}

// New makes a member of the group called name, like inventory.orders. Its
// transactions run on the pool's connections for hot paths.
func New(name string, pool *pg.Pool, cfg Config, handle Handler) *Consumer {
	if cfg.MaxBatch == 0 {
		cfg.MaxBatch = 500
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	c := &Consumer{
		group: name, pool: pool, cfg: cfg, handle: handle,
		log: cfg.Log.With("consumer", name), behind: map[topicPartition]int64{},
	}
	c.noDatabase = condition.New(c.log, "the database can't take events for now; they are tried again")
	c.noBroker = condition.New(c.log, "events can't be fetched from the broker for now")
	c.bounds = bounds{attempt: attemptBound, batch: batchBound}
	c.mayBeQuarantined.Store(true)
	c.tracer = newTracer(cfg.Tracer)
	c.meters = newMeters(name, cfg.Meter, c)
	return c
}

// Group is the consumer group's name.
func (c *Consumer) Group() string { return c.group }

// Conditions are what has kept events from being applied for longer than the time given.
func (c *Consumer) Conditions(longer time.Duration) []error {
	all := []error{c.noDatabase.Err(longer), c.noBroker.Err(longer)}
	return slices.DeleteFunc(all, func(err error) bool { return err == nil })
}

// Lag is how many events this member was behind the end of its partitions when it
// last read from them. Behind reads from the broker.
func (c *Consumer) Lag() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var sum int64
	for _, n := range c.behind {
		sum += n
	}
	return sum
}
