package pg_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func migrations() fstest.MapFS {
	return fstest.MapFS{"00001_account.sql": {Data: []byte(`-- +goose Up
create table account (id uuid primary key, name text not null constraint account_name unique, balance bigint not null constraint account_balance check (balance >= 0));
`)}}
}

// trips counts what is sent to the server: each batch and each single statement is
// a round trip.
type trips struct{ n atomic.Int64 }

func (c *trips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n.Add(1)
	return ctx
}
func (c *trips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (c *trips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	c.n.Add(1)
	return ctx
}
func (c *trips) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (c *trips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

func insert(ctx context.Context, tx *pg.Tx, name string) error {
	_, err := tx.Exec(ctx, "-- name: InsertAccount :exec\ninsert into account values ($1, $2, 0)", uuid.New(), name)
	return err
}

func accounts(t *testing.T, pool *pg.Pool) int {
	t.Helper()
	var n int
	if err := pool.QueryRow(context.WithoutCancel(t.Context()), `select count(*) from account`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// What joins a pool's transactions is committed with them and sees each attempt alone, and
// costs no round trip of its own. It fails them, too.
func TestAJoinTakesPartInEachTransaction(t *testing.T) {
	t.Parallel()
	type attempt struct{}
	var count trips
	pool := testkit.Open(t, pg.Config{URL: testkit.DatabaseURL(t, migrations()), Tracer: &count})
	refuse := errors.New("not this one")
	var begun int
	pool.Join(func(ctx context.Context) (context.Context, func(context.Context, *pg.Tx) error) {
		begun++
		names := []string{fmt.Sprintf("joined %d", begun)}
		return context.WithValue(ctx, attempt{}, &names), func(ctx context.Context, tx *pg.Tx) error {
			if !tx.Used() {
				return nil
			}
			for _, name := range names {
				if name == "refused" {
					return refuse
				}
				if err := insert(ctx, tx, name); err != nil {
					return err
				}
			}
			return nil
		}
	})
	note := func(ctx context.Context, name string) {
		names := ctx.Value(attempt{}).(*[]string)
		*names = append(*names, name)
	}
	for _, p := range []*pg.Pool{pool, pool.Hot()} {
		before, rows := count.n.Load(), accounts(t, pool)
		err := p.InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
			note(ctx, fmt.Sprintf("noted %d", begun))
			return insert(ctx, tx, fmt.Sprintf("own %d", begun))
		})
		if err != nil || accounts(t, pool) != rows+3 {
			t.Fatalf("%v, and %d rows more", err, accounts(t, pool)-rows)
		}
		if n := count.n.Load() - before; n != 1+2 { // the counts of rows
			t.Errorf("%d round trips", n)
		}
	}
	rows := accounts(t, pool)
	err := pool.InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
		note(ctx, "refused")
		return insert(ctx, tx, "rolled back")
	})
	if !errors.Is(err, refuse) || accounts(t, pool) != rows {
		t.Errorf("%v, and %d rows more", err, accounts(t, pool)-rows)
	}
	if err := pool.InTx(t.Context(), func(context.Context, *pg.Tx) error { return nil }); err != nil || accounts(t, pool) != rows {
		t.Errorf("an empty transaction: %v, and %d rows more", err, accounts(t, pool)-rows)
	}
}

// A handler that writes, reads and writes again costs two round trips; one that
// only writes costs one; one that does nothing costs none.
func TestTransactionsArePipelined(t *testing.T) {
	t.Parallel()
	var count trips
	pool := testkit.Open(t, pg.Config{URL: testkit.DatabaseURL(t, migrations()), Tracer: &count})
	for name, c := range map[string]struct {
		want int64
		fn   func(ctx context.Context, tx *pg.Tx) error
	}{
		"nothing": {0, func(context.Context, *pg.Tx) error { return nil }},
		"writes": {1, func(ctx context.Context, tx *pg.Tx) error {
			return errors.Join(insert(ctx, tx, "a"), insert(ctx, tx, "b"))
		}},
		"write, read, write": {2, func(ctx context.Context, tx *pg.Tx) error {
			if err := insert(ctx, tx, "c"); err != nil {
				return err
			}
			var n int
			if err := tx.QueryRow(ctx, `select count(*) from account where name = 'c'`).Scan(&n); err != nil || n != 1 {
				return fmt.Errorf("sees %d rows of its own: %w", n, err)
			}
			return insert(ctx, tx, "d")
		}},
	} {
		before := count.n.Load()
		if err := pool.InTx(t.Context(), c.fn); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := count.n.Load() - before; got != c.want {
			t.Errorf("%s: %d round trips, want %d", name, got, c.want)
		}
	}
	if n := accounts(t, pool); n != 4 {
		t.Errorf("%d rows, want 4", n)
	}
}

// A queued statement's error names the statement, fails everything after it and
// leaves nothing behind, wherever it shows.
func TestFailedStatementFailsTheTransaction(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, migrations())
	ctx := t.Context()
	committed := false
	fail := func(then func(ctx context.Context, tx *pg.Tx) error) error {
		return pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
			tx.OnCommit(func() { committed = true })
			if err := errors.Join(insert(ctx, tx, "same"), insert(ctx, tx, "same")); err != nil {
				return err
			}
			return then(ctx, tx)
		})
	}
	for name, then := range map[string]func(ctx context.Context, tx *pg.Tx) error{
		"at commit": func(context.Context, *pg.Tx) error { return nil },
		"at the next query": func(ctx context.Context, tx *pg.Tx) error {
			return tx.QueryRow(ctx, `select 1`).Scan(new(int))
		},
		"though the query's error is dropped": func(ctx context.Context, tx *pg.Tx) error {
			_ = tx.QueryRow(ctx, `select 1`).Scan(new(int))
			return insert(ctx, tx, "other")
		},
		"in a batch": func(ctx context.Context, tx *pg.Tx) error {
			b := &pgx.Batch{}
			b.Queue(`select 1`)
			return tx.SendBatch(ctx, b).Close()
		},
	} {
		err := fail(then)
		if pg.Violated(err) != "account_name" || !strings.Contains(err.Error(), "InsertAccount: ") || pg.Transient(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := accounts(t, pool); n != 0 || committed {
		t.Errorf("%d rows, OnCommit ran: %v", n, committed)
	}
	if s := pool.Stat(); s.AcquiredConns() != 0 || s.TotalConns() != 1 {
		t.Errorf("%d connections in use, %d in all; want 0 and 1", s.AcquiredConns(), s.TotalConns())
	}
}

// An error in the middle of rows, a syntax error, an ended context and a panic all
// give the connection back clean.
func TestConnectionComesBackClean(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, migrations())
	err := pool.InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Query(ctx, `select 10 / (3 - n) from generate_series(1, 5) n`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
		}
		if rows.Err() == nil {
			t.Error("the division by zero went unseen")
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "22012") {
		t.Errorf("commit after an error in rows: %v", err)
	}
	if err := pool.InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
		return tx.QueryRow(ctx, `selekt`).Scan(new(int))
	}); err == nil {
		t.Error("a syntax error went unseen")
	}
	if err := pool.InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Query(ctx, `select generate_series(1, 100)`)
		if err != nil || !rows.Next() {
			return fmt.Errorf("no rows: %w", err)
		}
		if err := tx.QueryRow(ctx, `select 1`).Scan(new(int)); err == nil {
			t.Error("a second query while rows are open went unseen")
		}
		return errors.New("changed my mind") // and the rows stay open: the transaction closes them
	}); err == nil || err.Error() != "changed my mind" {
		t.Errorf("got %v", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = pool.InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
			_ = insert(ctx, tx, "panicked")
			_ = tx.QueryRow(ctx, `select 1`).Scan(new(int))
			panic("no")
		})
	}()
	ended, cancel := context.WithCancel(t.Context())
	if err := pool.InTx(ended, func(ctx context.Context, tx *pg.Tx) error {
		if err := tx.QueryRow(ctx, `select 1`).Scan(new(int)); err != nil {
			return err
		}
		cancel()
		return insert(ctx, tx, "cancelled")
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context ended: %v", err)
	}
	if n := accounts(t, pool); n != 0 {
		t.Errorf("%d rows, want none", n)
	}
	if n := pool.Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections in use", n)
	}
}

// No rows is an answer, not a failure: the transaction goes on.
func TestNoRowsDoesNotFail(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, migrations())
	err := pool.InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
		err := tx.QueryRow(ctx, `select balance from account where id = $1`, uuid.New()).Scan(new(int64))
		if !pg.IsNoRows(err) {
			return fmt.Errorf("not ErrNoRows: %w", err)
		}
		n, err := tx.CopyFrom(ctx, pgx.Identifier{"account"}, []string{"id", "name", "balance"},
			pgx.CopyFromRows([][]any{{uuid.New(), "x", 1}, {uuid.New(), "y", 2}}))
		if err != nil || n != 2 {
			return fmt.Errorf("copied %d: %w", n, err)
		}
		b := &pgx.Batch{}
		b.Queue(`select count(*) from account`).QueryRow(func(row pgx.Row) error {
			var n int
			if err := row.Scan(&n); err != nil || n != 2 {
				return fmt.Errorf("batch sees %d: %w", n, err)
			}
			return nil
		})
		return tx.SendBatch(ctx, b).Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Transactions that deadlock are run again until each had its turn, and effects
// after commit happen once.
func TestDeadlocksAreRunAgain(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, migrations())
	ids := []uuid.UUID{uuid.New(), uuid.New()}
	for i, id := range ids {
		if _, err := pool.Exec(t.Context(), `insert into account values ($1, $2, 0)`, id, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	var runs, commits atomic.Int64
	var done, met sync.WaitGroup
	met.Add(2)
	for i := range 2 {
		done.Go(func() {
			first := true
			err := pool.InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
				runs.Add(1)
				tx.OnCommit(func() { commits.Add(1) })
				var n int64
				const add = `update account set balance = balance + 1 where id = $1 returning balance`
				if err := tx.QueryRow(ctx, add, ids[i]).Scan(&n); err != nil {
					return err
				}
				if first {
					first = false
					met.Done()
					met.Wait()
				}
				return tx.QueryRow(ctx, add, ids[1-i]).Scan(&n)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	var low, high int64
	if err := pool.QueryRow(t.Context(), `select min(balance), max(balance) from account`).Scan(&low, &high); err != nil {
		t.Fatal(err)
	}
	if low != 2 || high != 2 || commits.Load() != 2 || runs.Load() < 3 {
		t.Errorf("balances %d and %d, %d commits, %d runs", low, high, commits.Load(), runs.Load())
	}
}

// A connection that the server cuts in the middle is replaced, and the function
// runs again from the start.
func TestDroppedConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, migrations())
	runs := 0
	err := pool.InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
		runs++
		var pid int
		if err := tx.QueryRow(ctx, `select pg_backend_pid()`).Scan(&pid); err != nil {
			return err
		}
		if runs == 1 {
			if _, err := pool.Exec(ctx, `select pg_terminate_backend($1, 5000)`, pid); err != nil {
				return err
			}
		}
		if err := insert(ctx, tx, "once"); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `select 1`).Scan(new(int))
	})
	if err != nil || runs != 2 || accounts(t, pool) != 1 {
		t.Errorf("error %v, %d runs, %d rows; want 2 runs and 1 row", err, runs, accounts(t, pool))
	}
}

// The errors of the table are distinguished.
func TestErrorsAreDistinguished(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, migrations())
	ctx := t.Context()
	_, err := pool.Exec(ctx, `insert into account values (gen_random_uuid(), 'x', -1)`)
	if pg.Violated(err) != "account_balance" || pg.Transient(err) {
		t.Errorf("check: %v", err)
	}
	for code, want := range map[string]bool{"40001": true, "40P01": true, "25006": true, "53100": true, "53300": true, "57P01": true, "57014": true, "25P03": true, "25P04": true, "22P02": false, "42601": false, "XX000": false} {
		_, err := pool.Exec(ctx, `do $$ begin raise exception 'x' using errcode = '`+code+`'; end $$`)
		if got := pg.Transient(err); got != want {
			t.Errorf("%s: transient %v, want %v (%v)", code, got, want, err)
		}
	}
	late, cancel := context.WithTimeout(ctx, 2*time.Second) // long enough for an attempt
	defer cancel()
	_, err = pg.Open(late, "away", pg.Config{URL: "postgres://u@127.0.0.1:1/x"}, testkit.Log(t))
	if !pg.Transient(err) {
		t.Errorf("nobody listens: %v", err)
	}
}

// A context that ended is the caller's affair, not the database's, whether it ended
// before a statement, in its midst, or while the transaction was run again.
func TestAContextThatEndedIsNotTransient(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, nil)
	over, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	gone, leave := context.WithCancel(t.Context())
	leave()
	ending, end := context.WithCancel(t.Context())
	defer end()
	runs := 0
	for name, err := range map[string]error{
		"the error itself": context.DeadlineExceeded,
		"wrapped":          fmt.Errorf("write: %w", context.Canceled),
		"before":           pool.QueryRow(over, `select 1`).Scan(new(int)),
		"left before":      pool.QueryRow(gone, `select 1`).Scan(new(int)),
		"in a transaction": pool.InTx(ending, func(ctx context.Context, tx *pg.Tx) error {
			runs++
			time.AfterFunc(100*time.Millisecond, end)
			return tx.QueryRow(ctx, `select 1 from pg_sleep(60)`).Scan(new(int))
		}),
	} {
		if err == nil || pg.Transient(err) {
			t.Errorf("%s: %v is transient", name, err)
		}
	}
	if runs != 1 {
		t.Errorf("the transaction ran %d times", runs)
	}
}

// UUIDs go through every form that generated code uses, and the hot pool has its
// settings.
func TestUUIDsAndHotPlans(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, nil)
	ctx := t.Context()
	a, b := uuid.New(), uuid.New()
	var one uuid.UUID
	var some, none *uuid.UUID
	var list, empty, null []uuid.UUID
	err := pool.QueryRow(ctx, `select $1::uuid, $2::uuid, $3::uuid, $4::uuid[], $5::uuid[], null::uuid[]`,
		a, &b, none, []uuid.UUID{a, b}, []uuid.UUID{}).Scan(&one, &some, &none, &list, &empty, &null)
	if err != nil {
		t.Fatal(err)
	}
	if one != a || some == nil || *some != b || none != nil || len(list) != 2 || list[0] != a || list[1] != b || empty == nil || len(empty) != 0 || null != nil {
		t.Errorf("got %v %v %v %v %v %v", one, some, none, list, empty, null)
	}
	if err := pool.QueryRow(ctx, `select null::uuid`).Scan(&one); err == nil {
		t.Error("NULL became a UUID")
	}
	if err := pool.QueryRow(ctx, `select array[null::uuid]`).Scan(&list); err == nil {
		t.Error("an array with NULL became UUIDs")
	}
	var at time.Time
	var plans, scans string
	if err := pool.Hot().QueryRow(ctx, `select now(), current_setting('plan_cache_mode'), current_setting('enable_seqscan')`).Scan(&at, &plans, &scans); err != nil {
		t.Fatal(err)
	}
	if at.Location() != time.UTC || plans != "force_generic_plan" || scans != "off" {
		t.Errorf("zone %v, plans %s, scans %s", at.Location(), plans, scans)
	}
}

// A server that ends the connection in the middle of a migration is used again.
func TestMigrateThroughARestart(t *testing.T) {
	t.Parallel()
	pool := testkit.Open(t, pg.Config{URL: testkit.DatabaseURL(t, nil)})
	if _, err := pool.Exec(t.Context(), "create sequence tries"); err != nil {
		t.Fatal(err)
	}
	dies := fstest.MapFS{"00001_dies_once.sql": {Data: []byte(`-- +goose Up
create table marks (n int);
select case when nextval('tries') = 1 then pg_terminate_backend(pg_backend_pid()) end;`)}}
	if v, err := pg.Migrate(t.Context(), pool, pg.Schema{Migrations: dies}); err != nil || v != 1 {
		t.Errorf("version %d, error %v", v, err)
	}
	if _, err := pool.Exec(t.Context(), "insert into marks values (1)"); err != nil {
		t.Error(err)
	}
}

// Several processes migrate at once; each ends with the same version.
func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t, nil)
	var done sync.WaitGroup
	for range 3 {
		pool := testkit.Open(t, pg.Config{URL: url})
		done.Go(func() {
			if v, err := pg.Migrate(t.Context(), pool, pg.Schema{Migrations: migrations()}); err != nil || v != 1 {
				t.Errorf("version %d, error %v", v, err)
			}
		})
	}
	done.Wait()
}
