// Package testkit gives tests the real database and the real broker protocol. Only
// tests import it.
package testkit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
)

// startBound covers the first run on a machine, which fetches PostgreSQL.
const startBound = 3 * time.Minute

// server is the test process's PostgreSQL. It ends with the process; its folder
// stays for the next test process, which finds the migrated templates in it.
type server struct {
	postgres *postgres.Server
	slot     *os.File   // its lock keeps the folder ours
	clone    sync.Mutex // creating a template and cloning it exclude each other
}

// start is per process because a server is: every test has a database of its own on it.
var start = sync.OnceValues(startServer)

// Database returns a database that nobody else uses, with the kit's tables and the
// migrations at the root of migrations applied; nil for an empty database. It is dropped
// when the test ends.
func Database(tb testing.TB, migrations fs.FS) *pg.Pool {
	tb.Helper()
	return Open(tb, pg.Config{URL: DatabaseURL(tb, migrations)})
}

// Open opens a pool that is closed when the test ends.
func Open(tb testing.TB, cfg pg.Config) *pg.Pool {
	tb.Helper()
	pool, err := pg.Open(tb.Context(), "test", cfg, Log(tb))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return pool
}

// WaitingForLocks returns how many transactions of a pool's database wait for a lock.
func WaitingForLocks(tb testing.TB, pool *pg.Pool) (n int) {
	tb.Helper()
	err := pool.QueryRow(tb.Context(), `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&n)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// DatabaseURL is Database for a test that opens its own connections.
func DatabaseURL(tb testing.TB, migrations fs.FS) string {
	tb.Helper()
	s, err := start()
	if err != nil {
		tb.Fatalf("start PostgreSQL for tests: %v", err)
	}
	name := "t_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	if err := s.create(tb.Context(), name, migrations); err != nil {
		tb.Fatalf("create a database for the test: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		if err := s.drop(ctx, name); err != nil {
			// It shows nothing about the code under test, and dropLeftovers will drop it.
			tb.Logf("drop the test's database: %v", err)
		}
	})
	return s.postgres.AdminURL(name)
}

// drop drops a database. PostgreSQL waits 5 s for the connections that it ends, and refuses
// then; on a busy machine they may need longer.
func (s *server) drop(ctx context.Context, name string) error {
	for {
		err := s.admin(ctx, "drop database if exists "+name+" with (force)")
		if !isInUse(err) || ctx.Err() != nil {
			return err
		}
	}
}

func startServer() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startBound)
	defer cancel()
	slot, dir, err := takeSlot()
	if err != nil {
		return nil, err
	}
	s := &server{slot: slot}
	if s.postgres, err = launch(ctx, dir); err != nil {
		// Without fsync a power cut can leave a folder that does not start: begin again, once.
		if rerr := os.RemoveAll(dir); rerr != nil {
			return nil, errors.Join(err, rerr)
		}
		if s.postgres, err = launch(ctx, dir); err != nil {
			return nil, err
		}
	}
	return s, s.dropLeftovers(ctx)
}

// connections is how many connections the server takes. A shop in one process uses a hundred at
// most, ten for each of its databases, and there are as many shops at once as parallel tests.
func connections() int {
	const least, ofATest = 200, 120
	atOnce := 0
	if parallel := flag.Lookup("test.parallel"); parallel != nil {
		atOnce, _ = strconv.Atoi(parallel.Value.String())
	}
	return max(least, atOnce*ofATest)
}

func launch(ctx context.Context, dir string) (*postgres.Server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return postgres.Start(ctx, postgres.Config{
		Dir: dir, SharedBuffersMB: 64, MaxConnections: connections(),
		Settings: map[string]string{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"},
		Logger:   slog.New(slog.DiscardHandler),
	})
}

// takeSlot finds the first folder that no living test process holds.
func takeSlot() (lock *os.File, dir string, err error) {
	home := filepath.Join(os.TempDir(), fmt.Sprintf("shopmesh-test-%d", os.Getuid()))
	// PostgreSQL's own user must be able to pass when we are root.
	if err := os.MkdirAll(home, 0o711); err != nil {
		return nil, "", err
	}
	if info, err := os.Lstat(home); err != nil {
		return nil, "", err
	} else if owner, ok := info.Sys().(*syscall.Stat_t); !ok || int(owner.Uid) != os.Getuid() || !info.IsDir() {
		return nil, "", fmt.Errorf("%s belongs to another user", home)
	}
	for n := range 1000 {
		path := filepath.Join(home, fmt.Sprint(n))
		lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, "", err
		}
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return lock, path, nil
		}
		_ = lock.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, "", err
		}
	}
	return nil, "", fmt.Errorf("a thousand test processes use %s", home)
}

// dropLeftovers drops the databases of a test process that was killed.
func (s *server) dropLeftovers(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.postgres.AdminURL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, `select datname from pg_database where datname like 't\_%' or datname like 'new\_%'`)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := s.drop(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) admin(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.postgres.AdminURL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

// create clones the template of the migrations, which it makes when it is the first.
func (s *server) create(ctx context.Context, name string, migrations fs.FS) error {
	if migrations == nil {
		return s.admin(ctx, "create database "+name)
	}
	sum, err := hash(migrations, kitTables())
	if err != nil {
		return err
	}
	template := "tpl_" + sum
	s.clone.Lock()
	defer s.clone.Unlock()
	clone := "create database " + name + " template " + template
	if err := s.admin(ctx, clone); err == nil || !isMissing(err) {
		return err
	}
	if err := s.migrate(ctx, "new_"+sum, template, migrations); err != nil {
		return err
	}
	return s.admin(ctx, clone)
}

// migrate makes a template; it gets its name only when it is whole.
func (s *server) migrate(ctx context.Context, unfinished, template string, migrations fs.FS) error {
	for _, sql := range []string{"drop database if exists " + unfinished, "create database " + unfinished} {
		if err := s.admin(ctx, sql); err != nil {
			return err
		}
	}
	pool, err := pg.Open(ctx, "template", pg.Config{URL: s.postgres.AdminURL(unfinished)}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	_, err = pg.Migrate(ctx, pool, pg.Schema{Migrations: migrations, Kit: kitTables(), Log: slog.New(slog.DiscardHandler)})
	pool.Close()
	if err != nil {
		return err
	}
	return s.admin(ctx, "alter database "+unfinished+" rename to "+template)
}

// kitTables are the tables that every context's database has.
func kitTables() []pg.Tables {
	return []pg.Tables{outbox.Tables(), consumer.Tables(), idempotency.Tables(), settings.Tables()}
}

// hash names a schema by what its migrations contain.
func hash(migrations fs.FS, kit []pg.Tables) (string, error) {
	h := sha256.New()
	for _, tables := range append(kit, pg.Tables{Migrations: migrations}) {
		err := fs.WalkDir(tables.Migrations, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			body, err := fs.ReadFile(tables.Migrations, path)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(h, "%s/%s %d\n%s\n", tables.Name, path, len(body), body)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("read migrations: %w", err)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:32], nil
}
