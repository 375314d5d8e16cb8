package postgres

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/embedded/internal/embeddedtest"
)

// observer is called with every line of a log.
type observer struct {
	slog.Handler
	observe func(text string)
}

func (e observer) Enabled(context.Context, slog.Level) bool { return true }

func (e observer) Handle(ctx context.Context, r slog.Record) error {
	e.observe(r.Message)
	return e.Handler.Handle(ctx, r)
}

// A server that is killed while it starts, or just after, is started again, and the
// databases are made. Found when the server and the shop were killed together, and the
// server once more: the shop ended by itself.
func TestPostgresIsKilledWhileItStarts(t *testing.T) {
	t.Parallel()
	dir := embeddedtest.OpenDataDir(t, filepath.Join(embeddedtest.PassableDir(t), "shop")).Postgres()
	p := start(t, Config{Dir: dir})
	data := p.cluster.dataDir()
	closeServer(t, p)

	const times = 3
	var kills atomic.Int32
	logger := slog.New(observer{embeddedtest.Log(t).Handler(), func(text string) {
		if !strings.HasPrefix(text, "starting PostgreSQL 1") || kills.Add(1) > times {
			return
		}
		if file, err := readPidFile(data); err != nil || syscall.Kill(file.pid, syscall.SIGKILL) != nil {
			t.Errorf("can't kill the server %d: %v", file.pid, err)
		}
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	again, err := Start(ctx, Config{Dir: dir, Databases: []string{"orders"}, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeServer(t, again) })
	if got := scan[string](t, connect(t, again.URL("orders")), "select current_database()"); got != "orders" || kills.Load() <= times {
		t.Errorf("connected to %q after %d starts", got, kills.Load())
	}
}

// A server that was killed between making and writing its lock files keeps nobody out.
func TestPostgresStartsWhereLocksAreEmpty(t *testing.T) {
	t.Parallel()
	dir := embeddedtest.OpenDataDir(t, filepath.Join(embeddedtest.PassableDir(t), "shop")).Postgres()
	p := start(t, Config{Dir: dir})
	locks := []string{filepath.Join(p.cluster.dataDir(), "postmaster.pid"), filepath.Join(p.cluster.socketDir, ".s.PGSQL.5432.lock")}
	for _, lock := range locks {
		if info, err := os.Stat(lock); err != nil || info.Size() == 0 {
			t.Fatalf("a running server has no lock %s: %v", lock, err)
		}
	}
	closeServer(t, p)
	for _, lock := range locks {
		if err := os.WriteFile(lock, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again := start(t, Config{Dir: dir, Databases: []string{"orders"}})
	if got := scan[string](t, connect(t, again.URL("orders")), "select current_database()"); got != "orders" {
		t.Errorf("connected to %q", got)
	}
}
