package consumer_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

const topic = "shopmesh.test.thing.v1"

// shop is a context that handles events of things: each version of a thing has one effect.
type shop struct {
	pool    *pg.Pool
	broker  kafka.Config
	produce *kgo.Client

	ended testkit.Signal // raised by each end of a batch's transaction

	calls  atomic.Int64 // events that handlers were given, repetitions counted
	broken sync.Map     // uuid.UUID → error or "panic": things that can't be applied
}

func newShop(t *testing.T, partitions int32) *shop {
	t.Helper()
	s := &shop{pool: testkit.Database(t, fstest.MapFS{"00001_thing.sql": {Data: []byte(`-- +goose Up
		create table thing (id uuid primary key, version bigint not null, effects bigint not null);`)}})}
	s.newBroker(t, partitions)
	return s
}

// newBroker gives the shop a broker that holds nothing.
func (s *shop) newBroker(t *testing.T, partitions int32) {
	t.Helper()
	s.broker = testkit.Broker(t)
	if err := kafka.EnsureTopics(t.Context(), s.broker, []kafka.Topic{{Name: topic, Partitions: partitions}}); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.produce, err = kafka.NewProducer(s.broker); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.produce.Close)
}

// apply is idempotent by version. A version that comes too early is an error: it
// would show that an order was broken.
func (s *shop) apply(ctx context.Context, tx *pg.Tx, batch []consumer.Event) error {
	s.calls.Add(int64(len(batch)))
	ids := make([]uuid.UUID, 0, len(batch))
	for _, e := range batch {
		ids = append(ids, e.Key)
	}
	known := map[uuid.UUID]int64{}
	rows, err := tx.Query(ctx, `select id, version from thing where id = any($1) order by id for update`, ids)
	if err != nil {
		return err
	}
	for rows.Next() {
		var id uuid.UUID
		var version int64
		if err := rows.Scan(&id, &version); err != nil {
			return err
		}
		known[id] = version
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, e := range batch {
		if why, ok := s.broken.Load(e.Key); ok {
			if why == "panic" {
				panic("unforeseen")
			}
			return why.(error)
		}
		var v wrapperspb.Int64Value
		if err := consumer.Decode(e, &v); err != nil {
			return err
		}
		switch last := known[e.Key]; {
		case e.Version <= last:
			continue
		case e.Version != last+1:
			return fmt.Errorf("version %d came after %d", e.Version, last)
		}
		known[e.Key] = e.Version
		if _, err := tx.Exec(ctx, `insert into thing values ($1, $2, 1) on conflict (id) do update
			set version = excluded.version, effects = thing.effects + 1`, e.Key, e.Version); err != nil {
			return err
		}
	}
	return nil
}

// config is a consumer's, whose batches raise ended.
func (s *shop) config(broker kafka.Config, log *slog.Logger) consumer.Config {
	return consumer.Config{Kafka: broker, Topics: []string{topic}, Log: log,
		Tracer: s.ended.Tracer()}
}

func (s *shop) consumer(t *testing.T) *consumer.Consumer {
	t.Helper()
	return s.consumerAt(t, s.broker)
}

func (s *shop) consumerAt(t *testing.T, broker kafka.Config) *consumer.Consumer {
	t.Helper()
	config := s.config(broker, testkit.Log(t))
	config.MaxBatch = 50
	return consumer.New("test.things", s.pool, config, s.apply)
}

// start runs a consumer and returns what ends it and waits.
func start(t *testing.T, c *consumer.Consumer) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(stop)
	return stop
}

func record(key uuid.UUID, version int64) *kgo.Record {
	payload, _ := proto.Marshal(wrapperspb.Int64(version))
	const name = "google.protobuf.Int64Value"
	h := func(k, v string) kgo.RecordHeader { return kgo.RecordHeader{Key: k, Value: []byte(v)} }
	return &kgo.Record{Topic: topic, Key: []byte(key.String()), Value: payload, Headers: []kgo.RecordHeader{
		h("ce_specversion", "1.0"), h("ce_id", fmt.Sprintf("%s/%d/%s", key, version, name)), h("ce_source", "/shopmesh/test"),
		h("ce_type", name), h("ce_subject", key.String()), h("ce_time", time.Now().UTC().Format(time.RFC3339Nano)),
		h("ce_aggregateversion", fmt.Sprint(version)),
	}}
}

func (s *shop) publish(t *testing.T, records ...*kgo.Record) {
	t.Helper()
	if err := s.produce.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// things returns n fresh things.
func things(n int) []uuid.UUID {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		ids[i] = uuid.New()
	}
	return ids
}

// versions publishes versions from to to of every thing, thing by thing within a version.
func (s *shop) versions(t *testing.T, ids []uuid.UUID, from, to int64) {
	t.Helper()
	var records []*kgo.Record
	for v := from; v <= to; v++ {
		for _, id := range ids {
			records = append(records, record(id, v))
		}
	}
	s.publish(t, records...)
}

// expect waits until every thing has its version, and has had one effect for each.
func (s *shop) expect(t *testing.T, ids []uuid.UUID, version int64) {
	t.Helper()
	s.ended.Wait(t, fmt.Sprintf("%d things have version %d", len(ids), version), func() bool {
		var n int
		err := s.pool.QueryRow(t.Context(), `select count(*) from thing where id = any($1) and version >= $2`, ids, version).Scan(&n)
		return err == nil && n == len(ids)
	})
	var wrong int
	if err := s.pool.QueryRow(t.Context(), `select count(*) from thing where id = any($1) and (version <> $2 or effects <> $2)`, ids, version).Scan(&wrong); err != nil {
		t.Fatal(err)
	}
	if wrong != 0 {
		t.Errorf("%d things had other than %d effects", wrong, version)
	}
}

// expectDeadLetters waits until a consumer's group has n dead letters, and returns them.
func (s *shop) expectDeadLetters(t *testing.T, c *consumer.Consumer, n int) []consumer.DeadLetter {
	t.Helper()
	s.ended.Wait(t, fmt.Sprintf("there are %d dead letters", n), func() bool { return len(s.deadLetters(t, c)) == n })
	return s.deadLetters(t, c)
}

func (s *shop) deadLetters(t *testing.T, c *consumer.Consumer) []consumer.DeadLetter {
	t.Helper()
	deadLetters, err := c.List(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return deadLetters
}
