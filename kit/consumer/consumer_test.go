package consumer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// group reads and sets the group's committed offsets behind the consumer's back.
func (s *shop) admin(t *testing.T) *kadm.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(s.broker.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

// Events that come again, because their offsets were not committed, have no second
// effect.
func TestRedeliveredEventsHaveOneEffect(t *testing.T) {
	t.Parallel()
	s := newShop(t, 2)
	ids := things(20)
	s.versions(t, ids, 1, 5)
	stop := start(t, s.consumer(t))
	s.expect(t, ids, 5)
	stop()
	first := s.calls.Load()
	if _, err := s.admin(t).DeleteGroup(t.Context(), "test.things"); err != nil {
		t.Fatal(err)
	}
	s.versions(t, ids, 6, 7)
	c := s.consumer(t)
	start(t, c)
	s.expect(t, ids, 7)
	if again := s.calls.Load() - first; again != 20*7 {
		t.Errorf("%d events came the second time, want all %d", again, 20*7)
	}
	testkit.Eventually(t, "the group is not behind", func() bool {
		n, err := c.Behind(t.Context())
		return err == nil && n == 0 && c.Lag() == 0
	})
}

// A commit beyond the end, as after the loss of a broker's disk, skips nothing.
func TestCommitBeyondTheEnd(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	ids := things(10)
	s.versions(t, ids, 1, 1)
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: topic, Partition: 0, At: 50, LeaderEpoch: -1})
	if err := s.admin(t).CommitAllOffsets(t.Context(), "test.things", offsets); err != nil {
		t.Fatal(err)
	}
	start(t, s.consumer(t))
	s.expect(t, ids, 1)
}

// Members come and go, one without a word, while events flow: each event has its
// effect once, in its key's order.
func TestMembersComeAndGo(t *testing.T) {
	t.Parallel()
	s := newShop(t, 4)
	ids := things(30)
	stopFirst := start(t, s.consumer(t))
	var gate testkit.Gate
	start(t, s.consumerAt(t, gate.Behind(s.broker)))
	s.versions(t, ids, 1, 5)
	s.expect(t, ids, 5)
	start(t, s.consumer(t))
	var publishing sync.WaitGroup
	publishing.Go(func() {
		for v := int64(6); v <= 40; v++ {
			s.versions(t, ids, v, v)
		}
	})
	s.ended.Wait(t, "events flow", func() bool { return s.calls.Load() > 400 })
	stopFirst()
	start(t, s.consumer(t))
	gate.Shut() // that member does not leave the group: it is missed when its session ends
	publishing.Wait()
	s.expect(t, ids, 40)
	if l := s.deadLetters(t, s.consumer(t)); len(l) > 0 {
		t.Errorf("%d dead letters, the first: %s", len(l), l[0].Cause)
	}
}

// One bad event at the head of a partition: events of other keys are applied, later
// events of its own key wait, and a redrive applies all that waited once, in order. No
// later event is applied before them.
func TestPoisonNeverBlocks(t *testing.T) {
	t.Parallel()
	for name, poison := range map[string]any{"error": errors.New("can't be applied\x00"), "panic": "panic"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, 1)
			bad, good := uuid.New(), things(20)
			s.broken.Store(bad, poison)
			s.publish(t, record(bad, 1))
			s.versions(t, good, 1, 3)
			s.publish(t, record(bad, 2))
			c := s.consumer(t)
			stop := start(t, c)
			s.expect(t, good, 3)
			deadLetters := s.expectDeadLetters(t, c, 2)
			if deadLetters[0].Event.Version != 1 || deadLetters[0].Cause == "" || deadLetters[1].Event.Version != 2 || deadLetters[1].Cause != "" {
				t.Errorf("dead letters %+v", deadLetters)
			}
			// Another member takes over, and knows what is quarantined.
			stop()
			c = s.consumer(t)
			start(t, c)
			s.versions(t, append(good, bad), 4, 4)
			s.versions(t, []uuid.UUID{bad}, 3, 3)
			s.expect(t, good, 4)
			s.expectDeadLetters(t, c, 4)

			if done, err := c.Redrive(t.Context()); err != nil || done.Applied != 0 || done.Remaining != 4 {
				t.Errorf("a redrive before the repair: %+v, %v", done, err)
			}
			s.redriveInFlow(t, c, bad)
		})
	}
}

// redriveInFlow repairs the thing and redrives its dead letters while more of its events
// arrive. Versions 4 and 3 arrived in the wrong order: the redrive stops there until 4 is
// discarded and published again.
func (s *shop) redriveInFlow(t *testing.T, c *consumer.Consumer, bad uuid.UUID) {
	t.Helper()
	s.broken.Delete(bad)
	done, err := c.Redrive(t.Context(), s.deadLetters(t, c)[1].ID)
	if err != nil || done.Applied != 2 || done.Remaining != 2 {
		t.Errorf("redrive: %+v, %v; want versions 1 and 2 applied, 4 refused and 3 behind it", done, err)
	}
	deadLetters := s.deadLetters(t, c)
	if len(deadLetters) != 2 || !strings.Contains(deadLetters[0].Cause, "version 4 came after 2") {
		t.Fatalf("dead letters after the redrive: %+v", deadLetters)
	}
	if dropped, err := c.Discard(t.Context(), deadLetters[0].ID); err != nil || len(dropped) != 1 || dropped[0].ID != deadLetters[0].ID {
		t.Errorf("discarded %v, %v", dropped, err)
	}
	var publishing sync.WaitGroup
	publishing.Go(func() {
		for v := int64(4); v <= 30; v++ {
			s.publish(t, record(bad, v))
		}
	})
	testkit.Eventually(t, "no dead letter is left", func() bool {
		if _, err := c.Redrive(t.Context()); err != nil {
			t.Error(err)
		}
		return len(s.deadLetters(t, c)) == 0
	})
	publishing.Wait()
	testkit.Eventually(t, "the key goes on", func() bool {
		_, err := c.Redrive(t.Context())
		var version int64
		return err == nil && s.pool.QueryRow(t.Context(), `select version from thing where id = $1`, bad).Scan(&version) == nil && version == 30
	})
	s.expect(t, []uuid.UUID{bad}, 30)
}

// A broker that lost its data counts its records from 0 again. An event at a place that an
// older dead letter names becomes a dead letter all the same, and waits behind it.
func TestDeadLettersOutliveTheBroker(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	bad, other := uuid.New(), uuid.New()
	s.broken.Store(bad, errors.New("can't be applied"))
	s.broken.Store(other, errors.New("can't be applied either"))
	s.publish(t, record(uuid.New(), 1), record(bad, 1))
	c := s.consumer(t)
	stop := start(t, c)
	s.expectDeadLetters(t, c, 1)
	stop()

	s.newBroker(t, 1)
	// The second takes the dead letter's place, and the first comes before it.
	s.publish(t, record(bad, 2), record(other, 1))
	c = s.consumer(t)
	start(t, c)
	s.expectDeadLetters(t, c, 3)
	s.broken.Clear()
	if done, err := c.Redrive(t.Context()); err != nil || done.Applied != 3 || done.Remaining != 0 {
		t.Errorf("redrive: %+v, %v", done, err)
	}
	s.expect(t, []uuid.UUID{bad}, 2)
	s.expect(t, []uuid.UUID{other}, 1)
}

// What is no event of ours becomes a dead letter of its own; nothing waits behind
// it, not even its key.
func TestForeignRecordsAreSetAside(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	id := uuid.New()
	without := func(drop string) *kgo.Record {
		r := record(id, 1)
		var kept []kgo.RecordHeader
		for _, h := range r.Headers {
			if h.Key != drop {
				kept = append(kept, h)
			}
		}
		r.Headers = kept
		return r
	}
	keyless, foreign, future := record(id, 1), record(id, 1), record(id, 1)
	keyless.Key = []byte("not a uuid")
	foreign.Key = []byte(uuid.NewString())
	future.Headers[0].Value = []byte("2.0")
	wrong := []*kgo.Record{without("ce_type"), without("ce_aggregateversion"), without("ce_time"), keyless, foreign, future, {Topic: topic}}
	s.publish(t, wrong...)
	s.versions(t, []uuid.UUID{id}, 1, 2)
	c := s.consumer(t)
	start(t, c)
	s.expect(t, []uuid.UUID{id}, 2)
	deadLetters := s.deadLetters(t, c)
	if len(deadLetters) != len(wrong) {
		t.Fatalf("%d dead letters, want %d", len(deadLetters), len(wrong))
	}
	var ids []int64
	for _, l := range deadLetters {
		if l.Event.Key != uuid.Nil || l.Cause == "" {
			t.Errorf("dead letter %+v", l)
		}
		ids = append(ids, l.ID)
	}
	if done, err := c.Redrive(t.Context(), ids...); err != nil || done.Applied != 0 || done.Remaining != int64(len(wrong)) {
		t.Errorf("redrive: %+v, %v", done, err)
	}
	if dropped, err := c.Discard(t.Context(), ids...); err != nil || len(dropped) != len(wrong) {
		t.Errorf("discarded %v, %v", dropped, err)
	}
}

// While the database can't take events they are no poison: the batch is tried
// again, given back when that takes long, and applied in the end.
func TestTransientErrorsAreNoPoison(t *testing.T) {
	t.Parallel()
	s := newShop(t, 2)
	ids := things(20)
	var failures atomic.Int64
	handle := func(ctx context.Context, tx *pg.Tx, batch []consumer.Event) error {
		switch n := failures.Add(1); {
		case n <= 8:
			return &pgconn.PgError{Code: "25006", Message: "read-only"}
		case n <= 10:
			<-ctx.Done() // the attempt's time runs out
			return ctx.Err()
		}
		return s.apply(ctx, tx, batch)
	}
	c := consumer.New("test.things", s.pool, s.config(s.broker, testkit.Log(t)), handle).
		WithBounds(300*time.Millisecond, 400*time.Millisecond)
	start(t, c)
	s.versions(t, ids, 1, 4)
	s.expect(t, ids, 4)
	if l := s.deadLetters(t, c); len(l) > 0 {
		t.Errorf("%d dead letters, the first: %s", len(l), l[0].Cause)
	}
	testkit.Eventually(t, "the group is not behind", func() bool {
		n, err := c.Behind(t.Context())
		return err == nil && n == 0
	})
}

// Connections that the server cuts in the middle of batches cost no event and no
// second effect.
func TestDroppedConnections(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	ids := things(10)
	start(t, s.consumer(t))
	for v := int64(1); v <= 40; v++ {
		s.versions(t, ids, v, v)
		if v%8 == 0 {
			if _, err := s.pool.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity
				where datname = current_database() and pid <> pg_backend_pid()`); err != nil && !pg.Transient(err) {
				t.Fatal(err)
			}
		}
	}
	s.expect(t, ids, 40)
	if l := s.deadLetters(t, s.consumer(t)); len(l) > 0 {
		t.Errorf("%d dead letters, the first: %s", len(l), l[0].Cause)
	}
}

// An event of another type than expected is not decoded.
func TestDecodeChecksTheType(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	id := uuid.New()
	other := record(id, 1)
	for i, h := range other.Headers {
		if h.Key == "ce_type" {
			other.Headers[i].Value = []byte("google.protobuf.StringValue")
		}
	}
	s.publish(t, other)
	c := s.consumer(t)
	start(t, c)
	s.expectDeadLetters(t, c, 1)
	if cause := s.deadLetters(t, c)[0].Cause; !strings.Contains(cause, fmt.Sprintf("%s/1/", id)) || !strings.Contains(cause, "StringValue") {
		t.Errorf("cause: %s", cause)
	}
}
