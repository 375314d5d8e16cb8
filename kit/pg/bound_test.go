package pg_test

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// What a statement changed stays locked until the end of its pipeline arrives. When a
// proxy swallows that end and keeps the connection open, the locks are released all the
// same.
func TestALockIsNotHeldByHalfAPipeline(t *testing.T) {
	t.Parallel()
	pool := testkit.Open(t, pg.Config{URL: testkit.DatabaseURL(t, nil)})
	if _, err := pool.Exec(t.Context(), "create table marks as select 1 as id, 0 as n"); err != nil {
		t.Fatal(err)
	}
	conn, err := pool.Hot().Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := conn.PgConn().Hijack()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Conn.Close() })
	raw.Frontend.SendParse(&pgproto3.Parse{Query: "update marks set n = 1 where id = 1"})
	raw.Frontend.SendBind(&pgproto3.Bind{})
	raw.Frontend.SendExecute(&pgproto3.Execute{})
	raw.Frontend.Send(&pgproto3.Flush{}) // so that it reports when it is done
	if err := raw.Frontend.Flush(); err != nil {
		t.Fatal(err)
	}
	for done := false; !done; {
		m, err := raw.Frontend.Receive()
		if err != nil {
			t.Fatal(err)
		}
		_, done = m.(*pgproto3.CommandComplete)
	}
	if _, err := raw.Conn.Write([]byte{'S', 0}); err != nil { // the beginning of the end
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	// A wait that began with the other's ends with it, and so may the connection that waited,
	// as soon as it has its answer.
	inTheEnd := func(what string, try func() error) {
		t.Helper()
		err := try()
		for err != nil && pg.Transient(err) {
			err = try()
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	inTheEnd("the other", func() error {
		_, err := pool.Exec(ctx, "update marks set n = n + 2 where id = 1")
		return err
	})
	var n int
	inTheEnd("the count", func() error { return pool.QueryRow(ctx, "select n from marks").Scan(&n) })
	if n != 2 {
		t.Errorf("%d was counted, want 2", n)
	}
}

// Work in the background, which has no deadline, gives up a connection on which no
// answer comes, and goes on with another.
func TestAnAnswerThatNeverComesIsNotAwaited(t *testing.T) {
	t.Parallel()
	direct := testkit.DatabaseURL(t, nil)
	at, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(at.Query().Get("host"), ".s.PGSQL."+at.Query().Get("port"))
	between := testkit.NewSwallower(t, "unix", socket)
	at.Host, at.RawQuery = between.Addr(), "sslmode=disable"
	pool := testkit.Open(t, pg.Config{URL: at.String(), MaxConns: 1})
	ways := map[string]func(ctx context.Context) error{
		"Exec": func(ctx context.Context) error { _, err := pool.Exec(ctx, "select 1"); return err },
		"Query": func(ctx context.Context) error {
			rows, err := pool.Query(ctx, "select 1")
			if err != nil {
				return err
			}
			rows.Close()
			return rows.Err()
		},
		"QueryRow": func(ctx context.Context) error {
			var n int
			return pool.QueryRow(ctx, "select 1").Scan(&n)
		},
		"SendBatch": func(ctx context.Context) error {
			b := &pgx.Batch{}
			b.Queue("select 1")
			return pool.SendBatch(ctx, b).Close()
		},
		"InTx": func(ctx context.Context) error {
			return pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
				_, err := tx.Exec(ctx, "select 1")
				return err
			})
		},
	}
	if err := ways["Exec"](t.Context()); err != nil {
		t.Fatal(err)
	}
	between.Swallow()
	// All of them wait for the one connection, or for a place to make another.
	var waiting sync.WaitGroup
	for name, use := range ways {
		waiting.Go(func() {
			// One whose time ends while it connects gets another error.
			if err := use(t.Context()); err != nil && !errors.Is(err, context.DeadlineExceeded) && !pg.Transient(err) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	waiting.Wait()
	for name, use := range ways {
		testkit.Eventually(t, name+" works on another connection", func() bool { return use(t.Context()) == nil })
	}
}

// A transaction whose client was killed or is paused is ended by the server after ten
// seconds: others get its locks, and it runs again if its client still lives. Found with
// services that were killed behind a proxy.
func TestALockIsNotHeldByNobody(t *testing.T) {
	t.Parallel()
	pool := testkit.Open(t, pg.Config{URL: testkit.DatabaseURL(t, nil)})
	ctx := t.Context()
	if _, err := pool.Exec(ctx, "create table marks as select 1 as id, 0 as n"); err != nil {
		t.Fatal(err)
	}
	held, free := make(chan struct{}), make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() {
		attempts := 0
		err := pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
			var n int
			if err := tx.QueryRow(ctx, "select n from marks where id = 1 for update").Scan(&n); err != nil {
				return err
			}
			if attempts++; attempts == 1 {
				close(held)
				<-free
			}
			_, err := tx.Exec(ctx, "update marks set n = $1 where id = 1", n+1)
			return err
		})
		if err != nil || attempts != 2 {
			t.Errorf("the slow one: %d attempts, error %v", attempts, err)
		}
	})
	<-held
	if err := pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Exec(ctx, "update marks set n = n + 1 where id = 1")
		return err
	}); err != nil {
		t.Errorf("the other: %v", err)
	}
	close(free)
	both.Wait()
	var n int
	if err := pool.QueryRow(ctx, "select n from marks").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d were counted, want 2 (%v)", n, err)
	}
}

// A snapshot may last longer than other transactions, which end after 30 s. Found by an
// audit of a million orders.
func TestASnapshotMayLast(t *testing.T) {
	t.Parallel()
	pool := testkit.Open(t, pg.Config{URL: testkit.DatabaseURL(t, nil)})
	if err := pool.Snapshot(t.Context(), func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "select pg_sleep(32)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// A reader of a snapshot may hand its rows to somebody slow.
func TestASnapshotMayBeIdle(t *testing.T) {
	t.Parallel()
	pool := testkit.Open(t, pg.Config{URL: testkit.DatabaseURL(t, nil)})
	if err := pool.Snapshot(t.Context(), func(tx pgx.Tx) error {
		var isolation, idle, readOnly string
		if err := tx.QueryRow(t.Context(), `select current_setting('transaction_isolation'), current_setting('idle_in_transaction_session_timeout'),
			current_setting('transaction_read_only')`).Scan(&isolation, &idle, &readOnly); err != nil {
			return err
		}
		if isolation != "repeatable read" || idle != "10min" || readOnly != "on" {
			t.Errorf("isolation %s, idle %s, read-only %s", isolation, idle, readOnly)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
