package pg_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A statement's effects stay locked until its pipeline's end arrives. An end that
// never comes, behind a proxy that swallowed it and keeps the connection, frees them
// all the same.
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
	raw.Frontend.Send(&pgproto3.Flush{}) // so that it says when it did it
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
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for { // a wait that began with the other's ends with it
		_, err := pool.Exec(ctx, "update marks set n = n + 2 where id = 1")
		if err == nil {
			break
		}
		if !pg.Transient(err) {
			t.Fatalf("the other: %v", err)
		}
	}
	var n int
	if err := pool.QueryRow(ctx, "select n from marks").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d was counted, want 2 (%v)", n, err)
	}
}
