package outbox_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	kittrace "github.com/shopmesh/shopmesh/kit/trace"
)

const topic = "shopmesh.test.thing.v1"

// migrations are none: the kit's tables are enough.
func migrations() fstest.MapFS {
	return fstest.MapFS{}
}

func topics(t *testing.T, cfg kafka.Config) {
	t.Helper()
	if err := kafka.EnsureTopics(t.Context(), cfg, []kafka.Topic{{Name: topic, Partitions: 3}}); err != nil {
		t.Fatal(err)
	}
}

// run starts a relay and returns it with what stops it and waits.
func run(t *testing.T, pool *pg.Pool, broker kafka.Config, cfg outbox.Config) (relay *outbox.Relay, stop func()) {
	t.Helper()
	producer, err := kafka.NewProducer(broker)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Log == nil {
		cfg.Log = testkit.Log(t)
	}
	relay = outbox.NewRelay("test", pool, producer, cfg)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = relay.Run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		producer.Close()
	})
	t.Cleanup(stop)
	return relay, stop
}

// publish writes versions from to to of a key, each in a transaction of its own.
func publish(t *testing.T, pool *pg.Pool, wake func(), key uuid.UUID, from, to int64) {
	t.Helper()
	for v := from; v <= to; v++ {
		err := pool.InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
			if wake != nil {
				tx.OnCommit(wake)
			}
			return outbox.Write(ctx, tx, "/shopmesh/test", outbox.Event{
				Topic: topic, Key: key, Version: v, Message: wrapperspb.Int64(v), Time: time.Now(),
			})
		})
		if err != nil {
			t.Error(err)
			return
		}
	}
}

// collector keeps what arrives, per key.
type collector struct {
	arrived testkit.Signal // raised by each record

	mu       sync.Mutex
	versions map[string][]int64
	records  []*kgo.Record
}

func collect(t *testing.T, cfg kafka.Config) *collector {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(cfg.Brokers...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxWait(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{versions: map[string][]int64{}}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			client.PollFetches(ctx).EachRecord(c.receive)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
		client.Close()
	})
	return c
}

func (c *collector) receive(r *kgo.Record) {
	defer c.arrived.Raise()
	c.mu.Lock()
	defer c.mu.Unlock()
	version, _ := strconv.ParseInt(header(r, "ce_aggregateversion"), 10, 64)
	c.versions[string(r.Key)] = append(c.versions[string(r.Key)], version)
	c.records = append(c.records, r)
}

func header(r *kgo.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

// of returns the versions of a key that came, leaving out repetitions of what came
// before: a relay may publish again, but nothing older behind something new.
func (c *collector) of(key uuid.UUID) []int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var first []int64
	seen := map[int64]bool{}
	for _, v := range c.versions[key.String()] {
		if !seen[v] {
			seen[v] = true
			first = append(first, v)
		}
	}
	return first
}

func upTo(n int64) string {
	var all []int64
	for v := int64(1); v <= n; v++ {
		all = append(all, v)
	}
	return fmt.Sprint(all)
}

func (c *collector) expect(t *testing.T, key uuid.UUID, n int64) {
	t.Helper()
	c.arrived.Wait(t, fmt.Sprintf("%d events of a key arrived", n), func() bool { return len(c.of(key)) >= int(n) })
	if got := fmt.Sprint(c.of(key)); got != upTo(n) {
		t.Errorf("events arrived in order %v", got)
	}
}

func emptied(t *testing.T, pool *pg.Pool) {
	t.Helper()
	testkit.Eventually(t, "the outbox is empty", func() bool {
		n, _, err := outbox.Waiting(t.Context(), pool, outbox.All)
		return err == nil && n == 0
	})
}

// Events of many keys, written side by side, arrive once, in each key's order, as
// CloudEvents.
func TestEventsArriveInTheirKeysOrder(t *testing.T) {
	t.Parallel()
	pool, broker := testkit.Database(t, migrations()), testkit.Broker(t)
	topics(t, broker)
	relay, _ := run(t, pool, broker, outbox.Config{Batch: 40})
	received := collect(t, broker)

	keys := make([]uuid.UUID, 8)
	var writers sync.WaitGroup
	for i := range keys {
		keys[i] = uuid.New()
		writers.Go(func() { publish(t, pool, relay.Wake, keys[i], 1, 30) })
	}
	writers.Wait()
	for _, key := range keys {
		received.expect(t, key, 30)
	}
	emptied(t, pool)
	received.mu.Lock()
	defer received.mu.Unlock()
	if len(received.records) != 8*30 {
		t.Errorf("%d records, want 240", len(received.records))
	}
	r := received.records[0]
	name := string((&wrapperspb.Int64Value{}).ProtoReflect().Descriptor().FullName())
	for key, want := range map[string]string{
		"ce_specversion": "1.0", "ce_source": "/shopmesh/test", "ce_type": name, "ce_subject": string(r.Key),
		"ce_id": string(r.Key) + "/" + header(r, "ce_aggregateversion") + "/" + name, "content-type": "application/protobuf", "traceparent": "",
	} {
		if got := header(r, key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	var value wrapperspb.Int64Value
	if err := proto.Unmarshal(r.Value, &value); err != nil || fmt.Sprint(value.Value) != header(r, "ce_aggregateversion") {
		t.Errorf("payload %v, %v", value.Value, err)
	}
	if at, err := time.Parse(time.RFC3339Nano, header(r, "ce_time")); err != nil || time.Since(at) > time.Minute {
		t.Errorf("ce_time %v, %v", at, err)
	}
}

// An event carries the trace of the call that wrote it, or the one that it names.
func TestEventsCarryTheirTrace(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, migrations())
	span := func(n byte) trace.SpanContext {
		return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{n}, SpanID: trace.SpanID{n}, TraceFlags: trace.FlagsSampled, Remote: true})
	}
	ctx := trace.ContextWithSpanContext(t.Context(), span(1))
	err := pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		e := outbox.Event{Topic: topic, Key: uuid.New(), Version: 1, Message: wrapperspb.Int64(0), Time: time.Now()}
		answer := e
		answer.Traceparent = kittrace.Format(span(2))
		return outbox.Write(ctx, tx, "/shopmesh/test", e, answer)
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range []trace.SpanContext{span(1), span(2)} {
		var got string
		if err := pool.QueryRow(t.Context(), `select traceparent from outbox where id = $1`, id+1).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if !kittrace.Parse(got).Equal(want) {
			t.Errorf("event %d has %q", id, got)
		}
	}
	if kittrace.Parse("00-zz").IsValid() {
		t.Error("garbage became a span")
	}
	if err := pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		return outbox.Write(ctx, tx, "/shopmesh/test", outbox.Event{Topic: topic})
	}); err == nil {
		t.Error("an event without key was written")
	}
}

func lockHolder(t *testing.T, pool *pg.Pool) (pid int, leaders int) {
	t.Helper()
	err := pool.QueryRow(t.Context(), `select coalesce(min(pid), 0), count(*) from pg_locks
		where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())`).Scan(&pid, &leaders)
	if err != nil {
		t.Fatal(err)
	}
	return pid, leaders
}

// Of two relays one leads. When it steps down the other goes on at once, and no
// event is lost or out of order.
func TestOneRelayLeads(t *testing.T) {
	t.Parallel()
	pool, broker := testkit.Database(t, migrations()), testkit.Broker(t)
	topics(t, broker)
	received := collect(t, broker)
	first, stopFirst := run(t, pool, broker, outbox.Config{})
	key := uuid.New()
	publish(t, pool, first.Wake, key, 1, 5)
	received.expect(t, key, 5)
	log := &testkit.Lines{}
	second, _ := run(t, pool, broker, outbox.Config{Log: log.Log()})
	publish(t, pool, first.Wake, key, 6, 10)
	received.expect(t, key, 10)
	if _, leaders := lockHolder(t, pool); leaders != 1 {
		t.Errorf("%d leaders", leaders)
	}
	emptied(t, pool) // an event can arrive before the relay knows that it did
	stopFirst()
	publish(t, pool, second.Wake, key, 11, 15)
	received.expect(t, key, 15)
	if strings.Contains(log.String(), "relay that led before") {
		t.Errorf("the second waited, though the first stepped down:\n%s", log)
	}
	emptied(t, pool)
}

// A leader whose connection is cut loses its lock. Whoever leads next, no event is
// lost or out of order.
func TestLostLock(t *testing.T) {
	t.Parallel()
	pool, broker := testkit.Database(t, migrations()), testkit.Broker(t)
	topics(t, broker)
	received := collect(t, broker)
	relay, _ := run(t, pool, broker, outbox.Config{})
	run(t, pool, broker, outbox.Config{})
	key := uuid.New()
	var writer sync.WaitGroup
	writer.Go(func() { publish(t, pool, relay.Wake, key, 1, 200) })
	received.arrived.Wait(t, "some events arrived", func() bool { return len(received.of(key)) > 20 })
	pid, _ := lockHolder(t, pool)
	if _, err := pool.Exec(t.Context(), `select pg_terminate_backend($1, 5000)`, pid); err != nil {
		t.Fatal(err)
	}
	writer.Wait()
	publish(t, pool, relay.Wake, key, 201, 210)
	received.expect(t, key, 210)
	emptied(t, pool)
}

// After a leader that did not step down, the next one waits until nothing of it can
// arrive; the sole writer of a database waits for nobody.
func TestTakingOver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg   outbox.Config
		waits bool
	}{
		"one of several": {outbox.Config{}, true},
		"sole writer":    {outbox.Config{SoleWriter: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool, broker := testkit.Database(t, migrations()), testkit.Broker(t)
			topics(t, broker)
			if _, err := pool.Exec(t.Context(), `insert into outbox_leader values (true, gen_random_uuid(), false)`); err != nil {
				t.Fatal(err)
			}
			received := collect(t, broker)
			begin, log := time.Now(), &testkit.Lines{}
			c.cfg.Log = log.Log()
			relay, _ := run(t, pool, broker, c.cfg)
			key := uuid.New()
			publish(t, pool, relay.Wake, key, 1, 1)
			received.expect(t, key, 1)
			waited := strings.Contains(log.String(), "relay that led before")
			if took := time.Since(begin); waited != c.waits || c.waits && took < kafka.DeliveryBound {
				t.Errorf("took over after %v; waited %t:\n%s", took, waited, log)
			}
		})
	}
}

// An event that can't be produced stops its key and is reported; other keys go on,
// and its key does so once the event is out of the way.
func TestStoppedKey(t *testing.T) {
	t.Parallel()
	pool, broker := testkit.Database(t, migrations()), testkit.Broker(t)
	topics(t, broker)
	received := collect(t, broker)
	large, lost, free := uuid.New(), uuid.New(), uuid.New()
	publish(t, pool, nil, large, 1, 1)
	err := pool.InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
		return outbox.Write(ctx, tx, "/shopmesh/test",
			outbox.Event{Topic: topic, Key: large, Version: 2, Message: wrapperspb.Bytes(make([]byte, 2_000_000)), Time: time.Now()},
			outbox.Event{Topic: "shopmesh.test.nobody.v1", Key: lost, Version: 1, Message: wrapperspb.Int64(1), Time: time.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	publish(t, pool, nil, large, 3, 4)
	publish(t, pool, nil, free, 1, 3)
	relay, _ := run(t, pool, broker, outbox.Config{})
	received.expect(t, free, 3)
	received.expect(t, large, 1)
	testkit.Eventually(t, "both keys are reported", func() bool { return len(relay.Stopped()) == 2 })
	for _, s := range relay.Stopped() {
		if s.Cause == "" || s.EventID == "" || (s.Key != large && s.Key != lost) {
			t.Errorf("reported %+v", s)
		}
	}
	publish(t, pool, relay.Wake, free, 4, 6)
	received.expect(t, free, 6)
	if got := received.of(large); len(got) != 1 {
		t.Errorf("events %v of the stopped key arrived", got)
	}
	if _, err := pool.Exec(t.Context(), `delete from outbox where key = $1 and version = 2`, large); err != nil {
		t.Fatal(err)
	}
	received.arrived.Wait(t, "the key goes on", func() bool { return fmt.Sprint(received.of(large)) == "[1 3 4]" })
}

// While the broker is away events wait in the database, longer than the bound on
// delivery; when it is back all arrive in order.
func TestBrokerAway(t *testing.T) {
	t.Parallel()
	pool, broker := testkit.Database(t, migrations()), testkit.Broker(t)
	topics(t, broker)
	received := collect(t, broker)
	var gate testkit.Gate
	relay, _ := run(t, pool, gate.Behind(broker), outbox.Config{})
	key := uuid.New()
	publish(t, pool, relay.Wake, key, 1, 10)
	received.expect(t, key, 10)
	emptied(t, pool) // an event can arrive before the relay knows that it did
	gate.Shut()
	away := time.Now()
	publish(t, pool, relay.Wake, key, 11, 60)
	testkit.Eventually(t, "the outage outlasted the bound on delivery", func() bool {
		return time.Since(away) > kafka.DeliveryBound+time.Second
	})
	if n, oldest, err := outbox.Waiting(t.Context(), pool, outbox.All); err != nil || n != 50 || oldest.IsZero() {
		t.Errorf("%d events pending since %v, %v; want 50", n, oldest, err)
	}
	gate.Open()
	received.expect(t, key, 60)
	emptied(t, pool)
	if stopped := relay.Stopped(); len(stopped) > 0 {
		t.Errorf("an outage stopped keys: %v", stopped)
	}
}
