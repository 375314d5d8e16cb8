package pg_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func mark(ctx context.Context, pool *pg.Pool) error {
	return pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Exec(ctx, "insert into marks values (1)")
		return err
	})
}

// A server that became a standby keeps its connections. Each write that it refuses closes
// one, so that the pool does not stay with it: as soon as some server takes writes, they
// succeed. Reads succeed all the time.
func TestAReadOnlyServer(t *testing.T) {
	t.Parallel()
	address := testkit.DatabaseURL(t, nil)
	pool := testkit.Open(t, pg.Config{URL: address, MaxConns: 2})
	ctx := t.Context()
	if _, err := pool.Exec(ctx, "create table marks (n int)"); err != nil {
		t.Fatal(err)
	}
	// As after a failover: these sessions stay on a server that takes no writes, new
	// ones come to one that does.
	stick := func() {
		for range 2 {
			conn, err := pool.Acquire(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Release()
			if _, err := conn.Exec(ctx, "set default_transaction_read_only = on"); err != nil {
				t.Fatal(err)
			}
		}
	}
	stick()
	if err := pool.Writable(ctx); err == nil || !strings.Contains(err.Error(), "takes no writes") {
		t.Errorf("reported %v", err)
	}
	if err := mark(ctx, pool); err != nil {
		t.Errorf("a transaction after a failover: %v", err)
	}
	stick()
	var n int
	if err := pool.QueryRow(ctx, "select count(*) from marks").Scan(&n); err != nil || n != 1 {
		t.Errorf("read %d, %v", n, err)
	}
	// A statement of its own is refused once for each connection, and never more.
	refused := 0
	for range 3 {
		if _, err := pool.Exec(ctx, "insert into marks values (2)"); err != nil {
			refused++
			if !pg.Transient(err) {
				t.Errorf("refused for good: %v", err)
			}
		}
	}
	if refused > 2 {
		t.Errorf("%d of 3 writes were refused", refused)
	}

	// The whole database takes no writes, for new sessions too.
	admin, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close(context.WithoutCancel(ctx)) }()
	name := admin.Config().Database
	set := func(value string) {
		t.Helper()
		if _, err := admin.Exec(ctx, "begin; set transaction read write; alter database "+name+" set default_transaction_read_only = "+value+"; commit"); err != nil {
			t.Fatal(err)
		}
		pool.Reset()
	}
	set("on")
	if err := mark(ctx, pool); err == nil || !pg.Transient(err) {
		t.Errorf("a write to a read-only database: %v", err)
	}
	if pool.Writable(ctx) == nil {
		t.Error("nothing reports that the database takes no writes")
	}
	set("off")
	if err := mark(ctx, pool); err != nil {
		t.Errorf("it takes writes again: %v", err)
	}
	if err := pool.Writable(ctx); err != nil {
		t.Errorf("it takes writes again: %v", err)
	}
}

// While a database's certificate is expired, the error names it with its date; when it is
// renewed, connections succeed without a restart. So they do when another CA verifies it,
// in the same file.
func TestADatabasesCertificateExpires(t *testing.T) {
	t.Parallel()
	config, err := pgx.ParseConfig(testkit.DatabaseURL(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	certificate := testkit.NewServer(t)
	at := certificate.Front("unix", config.Host+"/.s.PGSQL.5432").Addr()
	address := url.URL{
		Scheme: "postgres", User: url.UserPassword(config.User, config.Password), Host: at, Path: "/" + config.Database,
		RawQuery: url.Values{"sslmode": {"verify-full"}, "sslrootcert": {certificate.CAFile}}.Encode(),
	}
	certificate.Expire()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = pg.Open(ctx, "order", pg.Config{URL: address.String()}, testkit.Log(t))
	if !errors.Is(err, context.DeadlineExceeded) && (err == nil || !strings.Contains(err.Error(), certificate.Expired.Format(time.RFC3339))) {
		t.Errorf("opened with %v", err)
	}
	certificate.Renew()
	pool := testkit.Open(t, pg.Config{URL: address.String(), MaxConns: 1})

	certificate.Expire()
	pool.Reset()
	err = pg.Explain(pool.Ping(t.Context()))
	if err == nil {
		t.Fatal("connected to a server whose certificate expired")
	}
	for _, want := range []string{"the certificate of localhost, 127.0.0.1", certificate.Expired.Format(time.RFC3339), "renew it"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
	if !pg.Transient(err) {
		t.Errorf("it is taken for good: %v", err)
	}
	certificate.Renew()
	if err := pool.Ping(t.Context()); err != nil {
		t.Errorf("renewed: %v", err)
	}
}
