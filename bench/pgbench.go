package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
)

//go:embed order.sql
var orderSQL string

// pgbenchClients is how many connections pgbench uses: more gain nothing on two cores.
const pgbenchClients = 16

// schemas are the services' migrations, each in a schema of the bench's own database.
var schemas = []struct{ name, migrations string }{
	{"order_", "services/order/migrations"},
	{"inventory_", "services/inventory/migrations"},
	{"payment_", "services/payment/migrations"},
	{"sandbox_", "services/payment/internal/provider/sandbox/migrations"},
	{"notification_", "services/notification/migrations"},
}

// functions make the script's keys and texts from a number.
const functions = `
create function key(n bigint) returns uuid language sql immutable return lpad(to_hex(n), 32, '0')::uuid;
create function trace(n bigint) returns text language sql immutable return lpad(to_hex(n), 32, '0');
create function number(n bigint) returns text language sql immutable
  return substr(upper(lpad(to_hex(n), 8, '0')), 1, 4) || '-' || substr(upper(lpad(to_hex(n), 8, '0')), 5, 4);
create function reference(n bigint) returns text language sql immutable return 'PAY-' || upper(lpad(to_hex(n), 8, '0'));
`

// preparePgbench makes the bench's database beside the shop's, on the same server,
// with the services' own tables and as many products.
func preparePgbench(ctx context.Context, postgresDir string, products int) (err error) {
	admin, err := connectAdmin(ctx, postgresDir, "postgres")
	if err != nil {
		return err
	}
	_, err = admin.Exec(ctx, "create database bench")
	if err = errors.Join(err, admin.Close(ctx)); err != nil {
		return err
	}
	conn, err := connectAdmin(ctx, postgresDir, "bench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	payload := fmt.Sprintf("create function payload(n int) returns bytea language sql immutable return substr('\\x%s'::bytea, 1, n);", strings.Repeat("5a", 1000))
	if _, err := conn.Exec(ctx, functions+payload); err != nil {
		return err
	}
	for _, s := range schemas {
		if err := migrate(ctx, conn, s.name, s.migrations); err != nil {
			return fmt.Errorf("make the tables of %s: %w", s.name, err)
		}
	}
	_, err = conn.Exec(ctx, `
insert into order_.products (id, code, name, currency, amount, status, version) select key(i), 'P' || i, 'Product ' || i, 'EUR', 4999, 2, 1 from generate_series(1, $1::bigint) i`, products)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `
insert into inventory_.stock (product_id, product_code, on_hand, reserved, version, update_time) select key(i), 'P' || i, 1000000, 0, 1, now() from generate_series(1, $1::bigint) i`, products)
	if err != nil {
		return err
	}
	// The plans of a script start from what the tables hold.
	_, err = conn.Exec(ctx, "vacuum analyze order_.products, inventory_.stock")
	return err
}

// migrate applies the Up parts of goose migrations in a schema: the kit's, and then those
// of a folder.
func migrate(ctx context.Context, conn *pgx.Conn, schema, folder string) error {
	var files []string
	for _, of := range []string{"kit/outbox/migrations", "kit/consumer/migrations", "kit/idempotency/migrations", folder} {
		found, err := filepath.Glob(filepath.Join(of, "*.sql"))
		if err != nil || len(found) == 0 {
			return fmt.Errorf("no migrations in %s: run the bench from the project's root", of)
		}
		files = append(files, found...)
	}
	if _, err := conn.Exec(ctx, "create schema "+schema+"; set search_path = "+schema+", public"); err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		if _, err := conn.Exec(ctx, up); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func connectAdmin(ctx context.Context, postgresDir, database string) (*pgx.Conn, error) {
	address, err := postgres.AdminURL(postgresDir, database)
	if err != nil {
		return nil, err
	}
	return pgx.Connect(ctx, address)
}

// reaped is how long the postmaster may take to count the CPU time of the
// connections that pgbench closed.
const reaped = 500 * time.Millisecond

// pgbenchRun is what pgbench came to.
type pgbenchRun struct {
	rate   float64 // orders per second
	orders int
	cpu    usage // bench is pgbench's own
	cost   cost
}

var (
	processed = regexp.MustCompile(`number of transactions actually processed: (\d+)`)
	tps       = regexp.MustCompile(`tps = ([0-9.]+)`)
)

// pgbench runs the script for a time and measures the server's CPU meanwhile.
func (b *bench) pgbench(ctx context.Context, duration time.Duration) (pgbenchRun, error) {
	program, err := findPgbench()
	if err != nil {
		return pgbenchRun{}, err
	}
	script := filepath.Join(b.dir, "order.sql")
	if err := os.WriteFile(script, []byte(orderSQL), 0o600); err != nil {
		return pgbenchRun{}, err
	}
	address, err := postgres.AdminURL(b.postgresDir(), "bench")
	if err != nil {
		return pgbenchRun{}, err
	}
	target, err := url.Parse(address)
	if err != nil {
		return pgbenchRun{}, err
	}
	password, _ := target.User.Password()
	b.pgbenchRuns++
	cmd := exec.CommandContext(ctx, program, "-n", "-M", "prepared", "-c", strconv.Itoa(pgbenchClients), "-j", "2",
		"-T", strconv.Itoa(max(1, int(duration.Seconds()))), "-f", script,
		// Each run begins with keys that no run before it used.
		"-D", fmt.Sprintf("products=%d", b.products), "-D", fmt.Sprintf("n=%d", b.pgbenchRuns*3_000_000),
		"-h", target.Query().Get("host"), "-p", target.Query().Get("port"), "-U", target.User.Username(), "bench")
	cmd.Env = append(os.Environ(), "PGPASSWORD="+password)
	begin, err := b.costs(ctx, "bench")
	if err != nil {
		return pgbenchRun{}, err
	}
	before, err := measure(b.shop.pid(), b.shop.postmaster)
	if err != nil {
		return pgbenchRun{}, err
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return pgbenchRun{}, fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	time.Sleep(reaped)
	after, err := measure(b.shop.pid(), b.shop.postmaster)
	if err != nil {
		return pgbenchRun{}, err
	}
	end, err := b.costs(ctx, "bench")
	if err != nil {
		return pgbenchRun{}, err
	}
	r := pgbenchRun{cpu: after.minus(before), cost: end.minus(begin)}
	r.cpu.bench = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if m := processed.FindSubmatch(out); m != nil {
		r.orders, _ = strconv.Atoi(string(m[1]))
	}
	if m := tps.FindSubmatch(out); m != nil {
		r.rate, _ = strconv.ParseFloat(string(m[1]), 64)
	}
	if r.orders == 0 || r.rate == 0 || strings.Contains(string(out), "ERROR") {
		return r, fmt.Errorf("pgbench did not work:\n%s", out)
	}
	return r, nil
}

// findPgbench looks on the path and where Debian puts it.
func findPgbench() (string, error) {
	if path, err := exec.LookPath("pgbench"); err == nil {
		return path, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if len(found) == 0 {
		return "", errors.New("pgbench is not installed: on Debian, apt-get install postgresql-contrib")
	}
	return found[len(found)-1], nil
}
