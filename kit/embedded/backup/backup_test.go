package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/embedded/internal/embeddedtest"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func TestMain(m *testing.M) {
	embeddedtest.Main(m, map[string]embeddedtest.Part{"restore": restoreAndWait})
}

func startPostgres(t *testing.T, config postgres.Config) *postgres.Server {
	t.Helper()
	config.Logger = embeddedtest.Log(t)
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	p, err := postgres.Start(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closePostgres(t, p) })
	return p
}

func closePostgres(t *testing.T, p *postgres.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
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

func openInbox(t *testing.T, dir string) *inbox.Inbox {
	t.Helper()
	i, err := inbox.Open(dir, "127.0.0.1:0", embeddedtest.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- i.Serve() }()
	t.Cleanup(func() {
		closeInbox(t, i)
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return i
}

func closeInbox(t *testing.T, i *inbox.Inbox) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
	defer cancel()
	if err := i.Close(ctx); err != nil {
		t.Error(err)
	}
}

func message(id, subject string) string {
	return "Message-ID: <" + id + "@example.com>\r\nSubject: " + subject + "\r\n\r\nHello.\r\n"
}

func subjects(t *testing.T, i *inbox.Inbox) []string {
	t.Helper()
	var all []string
	for m, err := range i.Mails() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m.Subject)
	}
	return all
}

// backedUp is a data directory with rows and mails, and its backup.
func backedUp(t *testing.T) (backup []byte, dir string) {
	t.Helper()
	dir = filepath.Join(embeddedtest.PassableDir(t), "shop")
	data, err := datadir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	p := startPostgres(t, postgres.Config{Dir: data.Postgres(), Databases: []string{"orders", "payments"}})
	for _, database := range []string{"orders", "payments"} {
		if _, err := connect(t, p.URL(database)).Exec(t.Context(), "create table kept as select i as id from generate_series(1, 1000) i"); err != nil {
			t.Fatal(err)
		}
	}
	i := openInbox(t, data.Inbox())
	client, err := smtp.Dial(i.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.SendMail("shop@example.com", []string{"ada@example.com"}, strings.NewReader(message("1", "one"))); err != nil {
		t.Fatal(err)
	}
	closeInbox(t, i)
	closePostgres(t, p)
	if err := os.WriteFile(data.KeyFile("orders"), []byte("a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := data.Close(); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	opened := false
	summary, err := Write(t.Context(), Config{Data: dir, Program: "v1", Opening: func() { opened = true }, Logger: embeddedtest.Log(t)}, &file)
	if err != nil {
		t.Fatal(err)
	}
	if !opened || summary.Program != "v1" || summary.Files < 100 || summary.Bytes < 1<<20 || summary.Instant.Before(summary.Begun) {
		t.Errorf("opened %t, summary %+v", opened, summary)
	}
	return file.Bytes(), dir
}

// A backup of a shop that does not run comes back with its rows, roles, passwords, keys and mails, and the shop that it was
// taken from opens as before.
func TestBackupOfAStoppedShop(t *testing.T) {
	t.Parallel()
	backup, dir := backedUp(t)
	target := filepath.Join(embeddedtest.PassableDir(t), "restored")
	found := ""
	change := func(ctx context.Context, p *postgres.Server) error {
		_, err := connect(t, p.URL("orders")).Exec(ctx, "create table restored ()")
		return err
	}
	if _, err := Restore(t.Context(), RestoreConfig{
		Data: target, Found: func(h Header) { found = h.Program }, Restored: change, Logger: embeddedtest.Log(t),
	}, bytes.NewReader(backup)); err != nil {
		t.Fatal(err)
	}
	if found != "v1" {
		t.Errorf("Found got the program %q", found)
	}
	for _, place := range []string{dir, target} {
		data := embeddedtest.OpenDataDir(t, place)
		p := startPostgres(t, postgres.Config{Dir: data.Postgres(), Databases: []string{"orders", "payments"}})
		for _, database := range []string{"orders", "payments"} {
			if n := scan[int](t, connect(t, p.URL(database)), "select count(*) from kept"); n != 1000 {
				t.Errorf("%s: %s has %d rows", place, database, n)
			}
		}
		if changed := scan[bool](t, connect(t, p.URL("orders")), "select to_regclass('restored') is not null"); changed != (place == target) {
			t.Errorf("%s: it was changed after the restore: %t", place, changed)
		}
		if got := subjects(t, openInbox(t, data.Inbox())); !slices.Equal(got, []string{"one"}) {
			t.Errorf("%s: mails %v", place, got)
		}
		if left, err := os.ReadDir(data.Broker()); err != nil || len(left) > 0 {
			t.Errorf("%s: the broker holds %v, %v", place, left, err)
		}
	}
	for _, secret := range []string{"postgres/credentials.json", "orders.key"} {
		if info, err := os.Stat(filepath.Join(target, secret)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", secret, info, err)
		}
	}
	if _, err := Restore(t.Context(), RestoreConfig{Data: target}, bytes.NewReader(backup)); !errors.Is(err, datadir.ErrNotEmpty) {
		t.Errorf("restored over a shop: %v", err)
	}
}

// A writer commits one row to each of two databases in turn, and then a mail, without end, while backups are taken:
// every row that was acknowledged before a backup began is in it, the databases are of one
// instant, no mail that a row records is missing, and the writer was not paused.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	data := embeddedtest.OpenDataDir(t, filepath.Join(embeddedtest.PassableDir(t), "shop"))
	p := startPostgres(t, postgres.Config{Dir: data.Postgres(), Databases: []string{"orders", "payments"}})
	for _, database := range []string{"orders", "payments"} {
		if _, err := connect(t, p.URL(database)).Exec(t.Context(), "create table kept (id bigint primary key)"); err != nil {
			t.Fatal(err)
		}
	}
	i := openInbox(t, data.Inbox())
	var written atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- writeInTurn(ctx, p, i, &written) }()
	for round := range 2 {
		embeddedtest.Eventually(t, "rows are written", func() bool { return written.Load() > int64(50*(round+1)) })
		before := written.Load()
		var file bytes.Buffer
		summary, err := Write(t.Context(), Config{Data: data.Path(), Program: "v1"}, &file)
		if err != nil {
			t.Fatal(err)
		}
		if after := written.Load(); after == before {
			t.Errorf("round %d: nothing was written during the backup", round)
		}
		target := filepath.Join(embeddedtest.PassableDir(t), "restored")
		restored, err := Restore(t.Context(), RestoreConfig{Data: target, Logger: embeddedtest.Log(t)}, &file)
		if err != nil || restored != summary {
			t.Fatalf("restored %+v, backed up %+v: %v", restored, summary, err)
		}
		checkRestored(t, target, before)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// writeInTurn commits a row to orders, the same to payments, sends its mail, and notes all three in orders.
func writeInTurn(ctx context.Context, p *postgres.Server, i *inbox.Inbox, written *atomic.Int64) error {
	orders, err := pgx.Connect(ctx, p.URL("orders"))
	if err != nil {
		return err
	}
	defer orders.Close(context.WithoutCancel(ctx))
	payments, err := pgx.Connect(ctx, p.URL("payments"))
	if err != nil {
		return err
	}
	defer payments.Close(context.WithoutCancel(ctx))
	client, err := smtp.Dial(i.Addr())
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := orders.Exec(ctx, "create table mailed (id bigint primary key)"); err != nil {
		return err
	}
	for id := int64(1); ; id++ {
		if _, err := orders.Exec(ctx, "insert into kept values ($1)", id); err != nil {
			return err
		}
		if _, err := payments.Exec(ctx, "insert into kept values ($1)", id); err != nil {
			return err
		}
		name := strconv.FormatInt(id, 10)
		if err := client.SendMail("shop@example.com", []string{"ada@example.com"}, strings.NewReader(message(name, name))); err != nil {
			return err
		}
		if _, err := orders.Exec(ctx, "insert into mailed values ($1)", id); err != nil {
			return err
		}
		written.Store(id)
	}
}

func checkRestored(t *testing.T, dir string, acknowledged int64) {
	t.Helper()
	data := embeddedtest.OpenDataDir(t, dir)
	p := startPostgres(t, postgres.Config{Dir: data.Postgres()})
	inOrders := scan[int64](t, connect(t, p.URL("orders")), "select max(id) from kept")
	rows := scan[int64](t, connect(t, p.URL("orders")), "select count(*) from kept")
	inPayments := scan[int64](t, connect(t, p.URL("payments")), "select max(id) from kept")
	mailed := scan[int64](t, connect(t, p.URL("orders")), "select max(id) from mailed")
	if rows != inOrders || mailed < acknowledged {
		t.Errorf("%d rows up to %d, %d of them mailed; %d were acknowledged before the backup", rows, inOrders, mailed, acknowledged)
	}
	if inOrders-inPayments > 1 || inPayments > inOrders {
		t.Errorf("orders is at %d, payments at %d: that never was", inOrders, inPayments)
	}
	if n := int64(len(subjects(t, openInbox(t, data.Inbox())))); n < mailed {
		t.Errorf("%d mails, and the database has %d as sent", n, mailed)
	}
	closePostgres(t, p)
}

// What is no backup, was truncated or changed is refused, and the directory is left as it was.
func TestDamagedBackupsAreRefused(t *testing.T) {
	t.Parallel()
	backup, _ := backedUp(t)
	changed := func(at int) []byte {
		c := slices.Clone(backup)
		c[at] ^= 0x55
		return c
	}
	for name, row := range map[string]struct {
		file  []byte
		tried bool
	}{
		"empty":                 {nil, false},
		"foreign":               {[]byte("PK\x03\x04 some archive"), false},
		"cut at its begin":      {backup[:100], false},
		"cut in the middle":     {backup[:len(backup)/2], true},
		"cut at its end":        {backup[:len(backup)-10], true},
		"changed in the middle": {changed(len(backup) / 2), true},
		"changed near its end":  {changed(len(backup) - 200), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			there := embeddedtest.PassableDir(t)
			missing := filepath.Join(there, "missing")
			for _, target := range []string{there, missing} {
				_, err := Restore(t.Context(), RestoreConfig{Data: target, Logger: embeddedtest.Log(t)}, bytes.NewReader(row.file))
				if err == nil || errors.Is(err, ErrNotABackup) == row.tried || row.tried && !strings.Contains(err.Error(), "damaged or was cut off") {
					t.Errorf("into %s: %v", target, err)
				}
			}
			if left, err := os.ReadDir(there); err != nil || len(left) > 0 {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	}
}

// What a newer program or another kind of machine wrote is not restored.
func TestBackupsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	good := Header{Format: format, DataFormat: datadir.Format, Program: "v7", Postgres: postgres.Version, Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*Header){
		"format 9":         func(h *Header) { h.Format = 9 },
		"data has format":  func(h *Header) { h.DataFormat = 9 },
		"PostgreSQL 19":    func(h *Header) { h.Postgres = "19.1.0" },
		"written on plan9": func(h *Header) { h.Platform = "plan9/mips" },
	} {
		h := good
		spoil(&h)
		if err := h.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A restore that is killed at any time leaves nothing that opens as a shop, and can be run
// again, as the error of opening it suggests.
func TestKilledRestore(t *testing.T) {
	t.Parallel()
	backup, _ := backedUp(t)
	file := filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(file, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(embeddedtest.PassableDir(t), "restored")
	for _, part := range []int{0, len(backup) / 2, len(backup) - 1} {
		process := embeddedtest.Start(t, "restore", target, file, strconv.Itoa(part))
		process.Read(t, 1)
		process.Kill(t)
		if part > 0 {
			if _, err := datadir.Open(target); err == nil || !strings.Contains(err.Error(), "run it again") {
				t.Errorf("killed after %d bytes of %d, it opens: %v", part, len(backup), err)
			}
		}
	}
	if _, err := Restore(t.Context(), RestoreConfig{Data: target, Logger: embeddedtest.Log(t)}, bytes.NewReader(backup)); err != nil {
		t.Fatal(err)
	}
	embeddedtest.OpenDataDir(t, target)
}

// restoreAndWait is a process's part: it restores a file up to a byte, prints that, and waits
// there to be killed.
func restoreAndWait(ctx context.Context, target string) error {
	file, bytes := os.Args[2], os.Args[3]
	upTo, err := strconv.ParseInt(bytes, 10, 64)
	if err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = Restore(ctx, RestoreConfig{Data: target}, io.MultiReader(io.LimitReader(f, upTo), pausing{}))
	return fmt.Errorf("it ended: %w", err)
}

// pausing is a reader that prints that it was reached, and never returns.
type pausing struct{}

func (pausing) Read([]byte) (int, error) {
	fmt.Println("here")
	<-time.After(time.Hour) // a timer: the runtime would report a bare channel as a deadlock
	return 0, io.EOF
}
