package embedded

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

	"github.com/jackc/pgx/v5"
)

// backedUp is a data directory with rows and mails, and its backup.
func backedUp(t *testing.T) (backup []byte, dir string) {
	t.Helper()
	dir = filepath.Join(passableDir(t), "shop")
	data, err := OpenDataDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	p := startPostgres(t, PostgresConfig{Dir: data.Postgres(), Databases: []string{"orders", "payments"}})
	for _, database := range []string{"orders", "payments"} {
		if _, err := connect(t, p.URL(database)).Exec(t.Context(), "create table kept as select i as id from generate_series(1, 1000) i"); err != nil {
			t.Fatal(err)
		}
	}
	i := openInbox(t, data.Inbox())
	if err := send(dial(t, i.Addr()), message("1", "one"), "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	closeInbox(t, i)
	closePostgres(t, p)
	if err := data.Close(); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	opened := false
	summary, err := Backup(t.Context(), BackupConfig{Data: dir, Program: "v1", Opening: func() { opened = true }, Logger: testLogger(t)}, &file)
	if err != nil {
		t.Fatal(err)
	}
	if !opened || summary.Program != "v1" || summary.Files < 100 || summary.Bytes < 1<<20 || summary.Instant.Before(summary.Begun) {
		t.Errorf("opened %t, summary %+v", opened, summary)
	}
	return file.Bytes(), dir
}

// A backup of a shop that does not run comes back with its rows, roles, passwords and mails, and the shop that it was
// taken from opens as before.
func TestBackupOfAStoppedShop(t *testing.T) {
	t.Parallel()
	backup, dir := backedUp(t)
	target := filepath.Join(passableDir(t), "restored")
	found := ""
	if _, err := Restore(t.Context(), RestoreConfig{Data: target, Found: func(h BackupHeader) { found = h.Program }, Logger: testLogger(t)}, bytes.NewReader(backup)); err != nil {
		t.Fatal(err)
	}
	if found != "v1" {
		t.Errorf("it was told that %q wrote it", found)
	}
	for _, place := range []string{dir, target} {
		data := openDataDir(t, place)
		p := startPostgres(t, PostgresConfig{Dir: data.Postgres(), Databases: []string{"orders", "payments"}})
		for _, database := range []string{"orders", "payments"} {
			if n := scan[int](t, connect(t, p.URL(database)), "select count(*) from kept"); n != 1000 {
				t.Errorf("%s: %s has %d rows", place, database, n)
			}
		}
		if got := subjects(allMails(t, openInbox(t, data.Inbox()))); !slices.Equal(got, []string{"one"}) {
			t.Errorf("%s: mails %v", place, got)
		}
		if left, err := os.ReadDir(data.Broker()); err != nil || len(left) > 0 {
			t.Errorf("%s: the broker holds %v, %v", place, left, err)
		}
	}
	if info, err := os.Stat(filepath.Join(target, "postgres", "credentials.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("passwords: %v, %v", info, err)
	}
	if _, err := Restore(t.Context(), RestoreConfig{Data: target}, bytes.NewReader(backup)); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("restored over a shop: %v", err)
	}
}

// A writer commits one row to each of two databases in turn, and then a mail, without end, while backups are taken:
// every row that was acknowledged before a backup began is in it, the databases are of one instant, no mail that
// the rows tell of is missing, and the writer was never held up for the time of the backup.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	data := openDataDir(t, filepath.Join(passableDir(t), "shop"))
	p := startPostgres(t, PostgresConfig{Dir: data.Postgres(), Databases: []string{"orders", "payments"}})
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
		eventually(t, 30*time.Second, "rows are written", func() bool { return written.Load() > int64(50*(round+1)) })
		before := written.Load()
		var file bytes.Buffer
		summary, err := Backup(t.Context(), BackupConfig{Data: data.Path(), Program: "v1"}, &file)
		if err != nil {
			t.Fatal(err)
		}
		if after := written.Load(); after == before {
			t.Errorf("round %d: nothing was written during the backup", round)
		}
		target := filepath.Join(passableDir(t), "restored")
		restored, err := Restore(t.Context(), RestoreConfig{Data: target, Logger: testLogger(t)}, &file)
		if err != nil || restored != summary {
			t.Fatalf("restored %+v, backed up %+v: %v", restored, summary, err)
		}
		lookAtRestored(t, target, before)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// writeInTurn commits a row to orders, the same to payments, sends its mail, and notes all three in orders.
func writeInTurn(ctx context.Context, p *Postgres, i *Inbox, written *atomic.Int64) error {
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
		if err := i.log.store(envelope{To: []string{"ada@example.com"}, MessageID: name}, []byte(message(name, name))); err != nil {
			return err
		}
		if _, err := orders.Exec(ctx, "insert into mailed values ($1)", id); err != nil {
			return err
		}
		written.Store(id)
	}
}

func lookAtRestored(t *testing.T, dir string, acknowledged int64) {
	t.Helper()
	data := openDataDir(t, dir)
	p := startPostgres(t, PostgresConfig{Dir: data.Postgres()})
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
	if n := int64(len(allMails(t, openInbox(t, data.Inbox())))); n < mailed {
		t.Errorf("%d mails, and the database says that %d were sent", n, mailed)
	}
	closePostgres(t, p)
}

// What is no backup, is cut off or was changed is refused, and the directory is left as it was.
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
			there := passableDir(t)
			missing := filepath.Join(there, "missing")
			for _, target := range []string{there, missing} {
				_, err := Restore(t.Context(), RestoreConfig{Data: target, Logger: testLogger(t)}, bytes.NewReader(row.file))
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

// Nobody restores what a newer program or another machine wrote.
func TestBackupsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	good := BackupHeader{Format: backupFormat, DataFormat: dataDirFormat, Program: "v7", Postgres: postgresVersion, Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*BackupHeader){
		"format 9":         func(h *BackupHeader) { h.Format = 9 },
		"data has format":  func(h *BackupHeader) { h.DataFormat = 9 },
		"PostgreSQL 19":    func(h *BackupHeader) { h.Postgres = "19.1.0" },
		"written on plan9": func(h *BackupHeader) { h.Platform = "plan9/mips" },
	} {
		h := good
		spoil(&h)
		if err := h.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A restore that is killed at any time leaves nothing that opens as a shop, says so, and can be run again.
func TestKilledRestore(t *testing.T) {
	t.Parallel()
	backup, _ := backedUp(t)
	file := filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(file, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(passableDir(t), "restored")
	for _, part := range []int{0, len(backup) / 2, len(backup) - 1} {
		child := startChild(t, "restore", target, file, strconv.Itoa(part))
		child.read(t, 1)
		child.kill(t)
		if part > 0 {
			if _, err := OpenDataDir(target); err == nil || !strings.Contains(err.Error(), "run it again") {
				t.Errorf("killed after %d bytes of %d, it opens: %v", part, len(backup), err)
			}
		}
	}
	if _, err := Restore(t.Context(), RestoreConfig{Data: target, Logger: testLogger(t)}, bytes.NewReader(backup)); err != nil {
		t.Fatal(err)
	}
	openDataDir(t, target)
}

// restoreAndWait is the child's part: it restores a file up to a byte, says so, and waits there to be killed.
func restoreAndWait(target, file, bytes string) error {
	upTo, err := strconv.ParseInt(bytes, 10, 64)
	if err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = Restore(context.Background(), RestoreConfig{Data: target}, io.MultiReader(io.LimitReader(f, upTo), pausing{}))
	return fmt.Errorf("it ended: %w", err)
}

// pausing says that it was reached, and never answers.
type pausing struct{}

func (pausing) Read([]byte) (int, error) {
	fmt.Println("here")
	<-time.After(time.Hour) // a timer: with a bare channel the runtime would call this a deadlock
	return 0, io.EOF
}
