package consumer_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// complaints counts attempts in vain.
type complaints struct {
	n      atomic.Int64
	logged testkit.Signal
}

func (c *complaints) Enabled(context.Context, slog.Level) bool { return true }
func (c *complaints) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c *complaints) WithGroup(string) slog.Handler            { return c }
func (c *complaints) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "tried in vain" {
		c.n.Add(1)
		c.logged.Raise()
	}
	return nil
}

func (c *complaints) wait(t *testing.T, n int64) {
	t.Helper()
	c.logged.Wait(t, "the consumer complains", func() bool { return c.n.Load() >= n })
}

func (s *shop) complaining(handle consumer.Handler) (*consumer.Consumer, *complaints) {
	logged := &complaints{}
	return consumer.New("test.things", s.pool, s.config(s.broker, slog.New(logged)), handle), logged
}

// An event that comes alone and met another transaction's work is not to blame: it
// is tried once more before it becomes a dead letter.
func TestALoneEventIsTriedTwice(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	var met atomic.Bool
	c, _ := s.complaining(func(ctx context.Context, tx *pg.Tx, batch []consumer.Event) error {
		if met.CompareAndSwap(false, true) {
			return &pgconn.PgError{Code: "23505", Message: "another inserted it meanwhile"}
		}
		return s.apply(ctx, tx, batch)
	})
	start(t, c)
	id := uuid.New()
	s.publish(t, record(id, 1))
	s.ended.Wait(t, "the event is applied or set aside", func() bool {
		var n int
		err := s.pool.QueryRow(t.Context(), `select (select count(*) from thing) + (select count(*) from dead_letters)`).Scan(&n)
		return err == nil && n == 1
	})
	if l := s.deadLetters(t, c); len(l) > 0 {
		t.Errorf("a dead letter: %s", l[0].Cause)
	}
}

// While the server lets nobody in, for whatever reason, no event is to blame.
func TestARefusedConnectionIsNoPoison(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	c, logged := s.complaining(s.apply)
	start(t, c)
	ids := things(3)
	s.versions(t, ids, 1, 1)
	s.expect(t, ids, 1)

	name := s.pool.Config().ConnConfig.Database
	server := s.pool.Config().ConnConfig.Copy()
	server.Database = "postgres"
	admin, err := pgx.ConnectConfig(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close(context.WithoutCancel(t.Context())) }()
	let := func(in string) {
		if _, err := admin.Exec(t.Context(), `alter database `+name+` allow_connections `+in); err != nil {
			t.Fatal(err)
		}
	}
	let("false")
	if _, err := admin.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`, name); err != nil {
		t.Fatal(err)
	}
	s.versions(t, ids, 2, 2)
	logged.wait(t, 5)
	let("true")
	s.expect(t, ids, 2)
	if l := s.deadLetters(t, c); len(l) > 0 {
		t.Errorf("%d dead letters, the first: %s", len(l), l[0].Cause)
	}
}

// A dead letter that can't be stored waits, without haste and without keeping the
// process from ending.
func TestADeadLetterThatCannotBeStoredWaits(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	bad := uuid.New()
	s.broken.Store(bad, "panic")
	if _, err := s.pool.Exec(t.Context(), `alter table dead_letters rename to elsewhere`); err != nil {
		t.Fatal(err)
	}
	c, logged := s.complaining(s.apply)
	stop := start(t, c)
	s.publish(t, record(bad, 1))
	logged.wait(t, 3)
	ended := make(chan struct{})
	go func() {
		stop()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(testkit.Patience):
		t.Error("the consumer did not end")
	}
	if n := logged.n.Load(); n > 50 {
		t.Errorf("%d complaints within seconds", n)
	}
	if _, err := s.pool.Exec(t.Context(), `alter table elsewhere rename to dead_letters`); err != nil {
		t.Fatal(err)
	}
	<-ended
	c = s.consumer(t)
	start(t, c)
	s.expectDeadLetters(t, c, 1)
}
