package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/kit/embedded/internal/embeddedtest"
)

func TestMain(m *testing.M) {
	embeddedtest.Main(m, map[string]embeddedtest.Part{"write rows": writeRows})
}

func start(t *testing.T, config Config) *Server {
	t.Helper()
	config.Logger = embeddedtest.Log(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	p, err := Start(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeServer(t, p) })
	return p
}

func closeServer(t *testing.T, p *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	if err := p.Close(ctx); err != nil {
		t.Error(err)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func scan[T any](t *testing.T, conn *pgx.Conn, query string) T {
	t.Helper()
	var value T
	if err := conn.QueryRow(t.Context(), query).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// A data directory of mode 0700 works for root too, data and passwords outlive a restart,
// and each role can use its own database only.
func TestPostgresKeepsDataAndRolesApart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(embeddedtest.PassableDir(t), "shop")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	data := embeddedtest.OpenDataDir(t, dir)
	config := Config{Dir: data.Postgres(), Databases: []string{"orders", "payments"}, MaxConnections: 20, Logger: embeddedtest.Log(t)}
	first := start(t, config)
	conn := connect(t, first.URL("orders"))
	if _, err := conn.Exec(t.Context(), "create table kept (note text); insert into kept values ('here')"); err != nil {
		t.Fatal(err)
	}
	for setting, want := range map[string]string{
		"fsync": "on", "full_page_writes": "on", "data_checksums": "on", "synchronous_commit": "on", "server_encoding": "UTF8",
		"max_connections": "20", "listen_addresses": "", "jit": "off", "wal_level": "replica", "server_version": "18.6",
	} {
		if got := scan[string](t, conn, "select current_setting('"+setting+"')"); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if got := scan[string](t, conn, "select current_user || ' ' || lower('ÄÖ')"); got != "orders äö" {
		t.Errorf("user and collation: %q", got)
	}
	refuseForeignRole(t, first)
	closeServer(t, first)
	<-first.Done()

	second := start(t, config)
	if first.URL("orders") != second.URL("orders") {
		t.Error("the role's password changed with a restart")
	}
	if got := scan[string](t, connect(t, second.URL("orders")), "select note from kept"); got != "here" {
		t.Errorf("note is %q after the restart", got)
	}
	info, err := os.Stat(filepath.Join(data.Postgres(), "credentials.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("credentials: %v, %v, want mode 0600", info, err)
	}
}

func refuseForeignRole(t *testing.T, p *Server) {
	t.Helper()
	p.mu.Lock()
	password := p.secrets.Databases["payments"]
	p.mu.Unlock()
	for name, url := range map[string]string{
		"another role's database": p.cluster.url("payments", password, "orders"),
		"a wrong password":        p.cluster.url("payments", "guess", "payments"),
		"no password":             p.cluster.url("payments", "", "payments"),
	} {
		conn, err := pgx.Connect(t.Context(), url)
		if err == nil {
			_ = conn.Close(t.Context())
			t.Errorf("%s: connected", name)
		}
	}
	if p.URL("nothing") != "" {
		t.Error("a database that is not there has a URL")
	}
}

// When the server is killed it comes back by itself, with every row that it acknowledged.
func TestPostgresComesBackAfterAKill(t *testing.T) {
	t.Parallel()
	data := embeddedtest.OpenDataDir(t, filepath.Join(embeddedtest.PassableDir(t), "shop"))
	p := start(t, Config{Dir: data.Postgres(), Databases: []string{"orders"}})
	conn := connect(t, p.URL("orders"))
	if _, err := conn.Exec(t.Context(), "create table kept (id int)"); err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		conn := connect(t, p.URL("orders"))
		if _, err := conn.Exec(t.Context(), "insert into kept values ($1)", round); err != nil {
			t.Fatal(err)
		}
		file, err := readPidFile(p.cluster.dataDir())
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(file.pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		embeddedtest.Eventually(t, "the database answers again", func() bool {
			if p.Restarts() != int64(round+1) {
				return false
			}
			conn, err := pgx.Connect(t.Context(), p.URL("orders"))
			if err != nil {
				return false
			}
			defer conn.Close(t.Context())
			var rows int
			err = conn.QueryRow(t.Context(), "select count(*) from kept").Scan(&rows)
			return err == nil && rows == round+1
		})
	}
}

// When the whole program is killed under load, the server follows it, and the next start has every acknowledged row.
func TestPostgresLosesNothingWhenItsParentIsKilled(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(embeddedtest.PassableDir(t), "shop")
	acknowledged := 0
	for range 3 {
		process := embeddedtest.Start(t, "write rows", dir)
		lines := process.Read(t, 50)
		lines = append(lines, process.Kill(t)...)
		last, err := strconv.Atoi(lines[len(lines)-1])
		if err != nil {
			t.Fatal(err)
		}
		acknowledged = last
	}
	data := embeddedtest.OpenDataDir(t, dir)
	p := start(t, Config{Dir: data.Postgres(), Databases: []string{"orders"}})
	conn := connect(t, p.URL("orders"))
	kept := scan[int](t, conn, fmt.Sprintf("select count(*) from kept where id <= %d", acknowledged))
	if kept != acknowledged {
		t.Errorf("%d rows of %d acknowledged are there", kept, acknowledged)
	}
}

// writeRows is a process's part: it writes rows and prints each id after its commit.
func writeRows(ctx context.Context, dir string) error {
	data, err := datadir.Open(dir)
	if err != nil {
		return err
	}
	defer data.Close()
	p, err := Start(ctx, Config{Dir: data.Postgres(), Databases: []string{"orders"}})
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, p.URL("orders"))
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "create table if not exists kept (id bigint primary key)"); err != nil {
		return err
	}
	var last int
	if err := conn.QueryRow(ctx, "select coalesce(max(id), 0) from kept").Scan(&last); err != nil {
		return err
	}
	for id := last + 1; ; id++ {
		if _, err := conn.Exec(ctx, "insert into kept values ($1)", id); err != nil {
			return err
		}
		fmt.Println(id)
	}
}

// A path too long for a Unix socket is no obstacle.
func TestPostgresServesFromALongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(embeddedtest.PassableDir(t), strings.Repeat("a-long-name", 12))
	p := start(t, Config{Dir: dir, Databases: []string{"orders"}})
	if got := scan[int](t, connect(t, p.URL("orders")), "select 1"); got != 1 {
		t.Errorf("select 1 is %d", got)
	}
	sockets := p.cluster.socketDir
	closeServer(t, p)
	if _, err := os.Stat(sockets); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", sockets, err)
	}
}

// The README's first command as root, whose home is closed to everybody else, with
// --data new/a/b: the database works there though it runs as another user, comes back
// after a kill and a restart, and no folder above it is opened.
func TestPostgresRunsBelowAClosedHome(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(home, "new", "a", "b")
	config := Config{Dir: filepath.Join(dir, "postgres"), Databases: []string{"orders"}}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	p := start(t, config)
	if _, err := connect(t, p.URL("orders")).Exec(t.Context(), "create table kept as select 1 as id"); err != nil {
		t.Fatal(err)
	}
	file, err := readPidFile(p.cluster.dataDir())
	if err != nil || !isServerOf(file.pid, p.cluster.dataDir()) {
		t.Fatalf("the server of %s is not recognised as pid %d: %v", dir, file.pid, err)
	}
	if err := syscall.Kill(file.pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	embeddedtest.Eventually(t, "the killed database answers again", func() bool {
		conn, err := pgx.Connect(t.Context(), p.URL("orders"))
		if err != nil {
			return false
		}
		return conn.Close(t.Context()) == nil
	})
	admin, err := AdminURL(config.Dir, "orders")
	if err != nil || scan[int](t, connect(t, admin), "select id from kept") != 1 {
		t.Errorf("by another process's way: %v", err)
	}
	closeServer(t, p)
	if n := scan[int](t, connect(t, start(t, config).URL("orders")), "select count(*) from kept"); n != 1 {
		t.Errorf("%d rows after a restart", n)
	}
	for _, folder := range []string{home, dir} {
		if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v, %v", folder, info.Mode(), err)
		}
	}
}

// A folder for the programs that the database's user can't reach is named, with what to
// do.
func TestPostgresNamesAClosedCache(t *testing.T) {
	t.Parallel()
	cache := filepath.Join(t.TempDir(), "closed", "cache")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	blocked := Account{uid: 65534, gid: 65534, foreign: true}
	if err := blocked.reaches(cache); err == nil || !strings.Contains(err.Error(), "chmod o+x") {
		t.Errorf("got %v", err)
	}
}

func TestPostgresRefusesDataOfAnotherVersion(t *testing.T) {
	t.Parallel()
	dir := embeddedtest.PassableDir(t)
	old := filepath.Join(dir, "cluster")
	if err := os.Mkdir(old, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(old, "PG_VERSION"), []byte("17\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(old, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Start(t.Context(), Config{Dir: dir, Logger: embeddedtest.Log(t)})
	if err == nil || !strings.Contains(err.Error(), "PostgreSQL 17") {
		t.Fatalf("start: %v, want a refusal that names PostgreSQL 17", err)
	}
	if _, err := os.Stat(filepath.Join(old, "PG_VERSION")); err != nil {
		t.Errorf("the old data is gone: %v", err)
	}
}

// A wrong parameter is reported with the server's own message.
func TestPostgresReportsWhyItDoesNotStart(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Config{
		Dir: embeddedtest.PassableDir(t), Settings: map[string]string{"shared_buffers": "many"}, Logger: embeddedtest.Log(t),
	})
	if err == nil || !strings.Contains(err.Error(), `"shared_buffers": "many"`) {
		t.Fatalf("start: %v", err)
	}
}

func TestDatabaseNames(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		"orders": true, "order": true, "sandbox_ledger": true, "x9": true,
		"": false, "Orders": false, "a-b": false, "9x": false, "postgres": false, "template1": false, "pg_temp": false,
		`a"; drop database orders; --`: false, strings.Repeat("a", 64): false,
	} {
		if err := checkDatabaseName(name); (err == nil) != ok {
			t.Errorf("%q: %v, want ok=%t", name, err, ok)
		}
	}
}

// A failed statement is reported to its caller: no data of it goes into our log.
func TestServerLinesAreRanked(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]serverLine{
		"12||LOG:  database system is ready":                     {level: -4, text: "database system is ready"},
		"12|orders|FATAL:  sorry, too many clients already":      {level: 4, database: "orders", text: "sorry, too many clients already"},
		"12||PANIC:  could not write to file: No space | really": {level: 8, text: "could not write to file: No space | really"},
		"\tcontinued": {level: -4, text: "\tcontinued"},
	} {
		if got := parseServerLine(line); got != want {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
}

// A name that SQL reserves works as well: a context may be called order.
func TestPostgresTakesReservedWordsAsNames(t *testing.T) {
	t.Parallel()
	p := start(t, Config{Dir: embeddedtest.PassableDir(t)})
	if err := p.EnsureDatabases(t.Context(), "order", "order", "user"); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, p.URL("order"))
	_, err := conn.Exec(t.Context(), "create database sneaky")
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "42501" {
		t.Errorf("a service's role creates databases: %v", err)
	}
}
