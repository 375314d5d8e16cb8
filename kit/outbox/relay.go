package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/otel/metric"

	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/kit/crashpoint"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
)

// Config tunes a relay. The zero value is right for a service of its own.
type Config struct {
	// SoleWriter reports that no other process can still be publishing from this
	// database, because a lock on the data directory proves that a predecessor is
	// dead. A leader then takes over at once.
	//
	// Without it, a leader that follows one which did not release its place waits
	// until the predecessor's last record is delivered or failed
	// (kafka.DeliveryBound and a second), so that an older event can't be published
	// behind a newer one of its key. Even that would harm no consumer, which
	// ignores a version older than what it knows; the wait keeps the order for
	// those who don't.
	SoleWriter bool
	// Poll is how often the table is read when nobody wakes the relay. 0 means 200 ms.
	Poll time.Duration
	// Batch is how many events are published together. 0 means 500.
	Batch int
	// MaxRecordBytes bounds a record's size; a larger event stops its key. 0 means
	// 1,000,000, which brokers accept by default.
	MaxRecordBytes int
	// Link knows whether the broker can be reached; nil when nobody does.
	Link *kafka.Link
	// Meter counts what is published. Nil is the global provider.
	Meter metric.MeterProvider
	// Log is slog.Default when nil.
	Log *slog.Logger
}

// StoppedKey is a key whose next event can't be produced. Its events wait in order;
// the event is tried again at RetryTime.
type StoppedKey struct {
	Topic     string
	Key       uuid.UUID
	EventID   string
	Cause     string
	Since     time.Time
	RetryTime time.Time
}

// Relay publishes a context's outbox. Any number may run on one database: a session
// lock makes one of them the leader. The lock's connection is beside the pool.
type Relay struct {
	name     string
	pool     *pg.Pool
	producer *kgo.Client
	cfg      Config
	log      *slog.Logger
	holder   uuid.UUID
	wake     chan struct{} // size 1: a wake-up that waits stands for all
	gauges   *gauges

	// noDatabase and noBroker are what keeps it from publishing.
	noDatabase, noBroker *condition.Condition

	mu      sync.Mutex
	stopped map[uuid.UUID]*stop
}

// NewRelay makes the relay of the context called name. The producer is its own:
// no one else flushes or closes it while Run runs.
func NewRelay(name string, pool *pg.Pool, producer *kgo.Client, cfg Config) *Relay {
	if cfg.Poll == 0 {
		cfg.Poll = 200 * time.Millisecond
	}
	if cfg.Batch == 0 {
		cfg.Batch = 500
	}
	if cfg.MaxRecordBytes == 0 {
		cfg.MaxRecordBytes = 1_000_000
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	r := &Relay{
		name: name, pool: pool, producer: producer, cfg: cfg, log: cfg.Log.With("relay", name),
		holder: uuid.New(), wake: make(chan struct{}, 1), stopped: map[uuid.UUID]*stop{},
	}
	r.noDatabase = condition.New(r.log, "the relay has no database it can write to; events wait in the outbox")
	r.noBroker = condition.New(r.log, "the broker does not take events; they wait in the outbox")
	r.gauges = newGauges(name, cfg.Meter, r)
	return r
}

// Wake has the relay poll the outbox at once, for events that somebody waits for. Others
// are found by the next poll, many at a time. It never blocks; give it to tx.OnCommit.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// maxReconnect is the longest pause before a relay tries to reach its database again. Short,
// because orders wait for its events, and whoever leads next may have to wait some seconds more.
const maxReconnect = time.Second

// Run publishes until ctx ends, whatever happens to database and broker meanwhile.
func (r *Relay) Run(ctx context.Context) error {
	defer r.gauges.unregister()
	wait := 100 * time.Millisecond
	for ctx.Err() == nil {
		led, err := r.session(ctx)
		if ctx.Err() != nil {
			break
		}
		if led {
			wait = 100 * time.Millisecond
		}
		r.noDatabase.Note(ctx, pg.Explain(err))
		r.pause(ctx, wait)
		wait = min(2*wait, maxReconnect)
	}
	return nil
}

// session leads on one connection until the connection breaks or ctx ends. led is true
// when it got as far as publishing.
func (r *Relay) session(ctx context.Context) (led bool, err error) {
	conn, err := r.pool.Hot().Connect(ctx)
	if err != nil {
		return false, err
	}
	// Closing the connection is what frees the lock.
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()
	if err := r.takeLead(ctx, conn); err != nil {
		return false, err
	}
	r.log.InfoContext(ctx, "leading")
	// What keeps events from leaving is the leader's to report: the next one finds out.
	defer r.noBroker.Over(context.WithoutCancel(ctx))
	return true, r.publishAll(ctx, conn)
}

// publishAll moves events from the table to the broker. Deleting what was
// acknowledged and reading what is next is one round trip.
func (r *Relay) publishAll(ctx context.Context, conn *pgx.Conn) error {
	s := &session{conn: conn}
	failures := 0
	for ctx.Err() == nil {
		began := time.Now()
		events, err := s.exchange(ctx, r.stoppedKeys(time.Now()), r.cfg.Batch)
		if err != nil {
			return err
		}
		r.noDatabase.Over(ctx)
		r.gauges.observe(events)
		if len(events) == 0 {
			failures = 0
			r.idle(ctx)
			continue
		}
		published, clean := r.publish(ctx, events)
		s.done = published
		if !clean {
			// The process ends while records are under way: their fate is unknown, so
			// this leader does not release its place.
			return s.forget(ctx)
		}
		r.gauges.published.Add(ctx, int64(len(published)), r.gauges.attributes)
		if len(published) > 0 {
			failures = 0
			r.noBroker.Over(ctx)
			if len(events) < r.cfg.Batch {
				r.pause(ctx, min(time.Since(began), maxRest))
				r.idle(ctx)
			}
			continue
		}
		failures++
		r.pause(ctx, min(100*time.Millisecond<<min(failures, 6), 5*time.Second))
	}
	return r.stepDown(ctx, s)
}

// maxRest is the longest pause after a batch that emptied the outbox; the pause lasts as
// long as the batch took. Events written meanwhile share the next batch's round trips and
// the broker's sync.
const maxRest = 5 * time.Millisecond

// idle waits for a wake-up or the next poll.
func (r *Relay) idle(ctx context.Context) {
	t := time.NewTimer(r.cfg.Poll)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-t.C:
	}
}

func (r *Relay) pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// finishing is a context for work that may go on for a second after ctx has ended: cut
// off, its outcome would be unknown, and the next leader would have to wait for it.
func finishing(ctx context.Context, bound time.Duration) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithTimeout(context.WithoutCancel(ctx), bound)
	stop := context.AfterFunc(ctx, func() {
		grace := time.AfterFunc(time.Second, cancel)
		context.AfterFunc(inner, func() { grace.Stop() })
	})
	return inner, func() {
		stop()
		cancel()
	}
}

// deliveryMargin is what the client may take beyond its bound to notice it.
const deliveryMargin = time.Second

// publish sends events in order and waits for all of them. It returns the ids of
// those that may be deleted: acknowledged, with no earlier event of their key
// outstanding. clean is false when records may still arrive at the broker.
func (r *Relay) publish(ctx context.Context, events []row) (done []int64, clean bool) {
	bound, cancel := finishing(ctx, kafka.DeliveryBound)
	defer cancel()
	results := make([]error, len(events))
	held := map[uuid.UUID]bool{}
	var sent sync.WaitGroup
	for i := range events {
		e := &events[i]
		if held[e.key] {
			results[i] = errBehind
			continue
		}
		if size := e.size(); size > r.cfg.MaxRecordBytes {
			results[i] = &tooLarge{size, r.cfg.MaxRecordBytes}
			held[e.key] = true
			continue
		}
		sent.Add(1)
		crashpoint.Cross("before produce", r.name, crashpoint.Short(e.eventType))
		r.producer.Produce(bound, e.record(), func(_ *kgo.Record, err error) {
			results[i] = err
			sent.Done()
		})
	}
	_ = r.producer.Flush(bound) // ends the linger; each record reports for itself
	sent.Wait()
	return r.clear(ctx, events, results), ctx.Err() == nil || !unknownFate(results)
}

func unknownFate(results []error) bool {
	for _, err := range results {
		if err != nil && !errors.Is(err, errBehind) {
			return true
		}
	}
	return false
}

// whyNot is why records were not delivered. Where the broker can't be reached, a record's
// own error is only that it took too long.
func (r *Relay) whyNot(sample error) error {
	if err := r.cfg.Link.Condition(0); err != nil {
		return err
	}
	return sample
}

// Conditions are what has kept events from leaving for longer than the time given, and a
// broker that can't be reached. What is the leader's ends when it leads no more.
func (r *Relay) Conditions(longer time.Duration) []error {
	all := []error{r.noDatabase.Err(longer), r.cfg.Link.Condition(longer), r.noBroker.Err(longer)}
	return slices.DeleteFunc(all, func(err error) bool { return err == nil })
}

// clear decides, per key in order, what was published and which keys stop.
func (r *Relay) clear(ctx context.Context, events []row, results []error) (done []int64) {
	failed, lost := map[uuid.UUID]bool{}, map[string]*kafka.LostTopic{}
	var sample error
	for i, e := range events {
		switch err := results[i]; {
		case failed[e.key]:
		case err == nil:
			done = append(done, e.id)
			crashpoint.Cross("after produce", r.name, crashpoint.Short(e.eventType))
			r.restart(e.key)
		default:
			failed[e.key] = true
			if topic := kafka.Lost(e.topic, err); topic != nil && r.cfg.Link.Creates(e.topic) {
				lost[e.topic] = topic
			} else if permanent(err) {
				r.stop(ctx, e, err)
			} else {
				sample = err
			}
		}
	}
	if sample != nil {
		r.noBroker.Note(ctx, r.whyNot(sample), "keys", len(failed))
	}
	for _, topic := range lost {
		r.restore(ctx, topic)
	}
	return done
}

// restore creates a lost topic again, and has the producer forget what it knew of it:
// the events are produced with the next batch.
func (r *Relay) restore(ctx context.Context, lost *kafka.LostTopic) {
	r.noBroker.Note(ctx, lost)
	r.producer.PurgeTopicsFromProducing(lost.Name)
	if err := r.cfg.Link.Restore(ctx); err != nil {
		r.noBroker.Note(ctx, fmt.Errorf("%w, which fails: %w", lost, err))
	}
}
