package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
)

var backupSeed = flag.Uint64("backup.seed", 0, "when backups are taken; 0 draws one, which a failed test prints")

// shopmesh printed a command line of the program and returns what it printed.
func shopmesh(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program(t, "cmd/shopmesh"), args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("shopmesh %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String()
}

// Backups are taken at drawn times while orders of all kinds are placed and several
// hundred are under way, and the shop goes on. Each is restored into a shop of its
// own, which brings every order that was accepted before the backup began to its end:
// its books agree, the sandbox's ledger agrees with payment, and no mail is double.
func TestBackupsUnderLoad(t *testing.T) {
	t.Parallel()
	seed := *backupSeed
	if seed == 0 {
		seed = rand.Uint64N(1 << 32)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("again: go test ./e2e -run TestBackupsUnderLoad -backup.seed %d", seed)
		}
	})
	draw := rand.New(rand.NewPCG(seed, 0))
	settings := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(settings, []byte(`{"order":{"retryAfter":"2s"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := up(t, "--settings", settings)
	mug := s.sell(euros(5, 0), 100_000)
	all := newAccepted()
	loading, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	var placed atomic.Int64
	go func() {
		defer close(done)
		// As fast as it can be it would only cost the tests beside this one their time.
		pace := time.NewTicker(time.Second)
		defer pace.Stop()
		for ; loading.Err() == nil; <-pace.C {
			s.placeMany(t.Context(), mug.GetCode(), 250, func(req *orderv1.PlaceOrderRequest, o *orderv1.Order) {
				all.add(req, o)
				placed.Add(1)
			})
		}
	}()
	const rounds = 2
	backups, before := [rounds]string{}, [rounds][]string{}
	for i := range rounds {
		next := placed.Load() + 200 + draw.Int64N(300)
		eventually(t, func(context.Context) error {
			if n := placed.Load(); n < next {
				return errorf("%d orders are placed, %d are waited for", n, next)
			}
			return nil
		})
		backups[i], before[i] = filepath.Join(tempDir(t), "backup"), all.ids()
		ended := s.ended()
		var printed struct{ Files, Bytes, Size int64 }
		if out := shopmesh(t, "backup", backups[i], "--data", s.data, "--json"); json.Unmarshal([]byte(out), &printed) != nil || printed.Files == 0 || printed.Size == 0 {
			t.Errorf("it printed %q", out)
		}
		if s.ended() == ended {
			t.Errorf("round %d: no order came to its end while the backup ran", i)
		}
	}
	stop()
	<-done
	for i := range rounds {
		t.Run(fmt.Sprintf("round %d", i), func(t *testing.T) {
			r := &oneProcess{shop: shop{t: t}, data: filepath.Join(tempDir(t), "data")}
			shopmesh(t, "restore", backups[i], "--data", r.data)
			r.start("--settings", settings)
			r.mustHave(before[i])
			if got := r.mustAudit(); got.Orders < int64(len(before[i])) {
				t.Errorf("the audit saw %d orders, %d were accepted before the backup", got.Orders, len(before[i]))
			}
			r.noMailTwice()
			// It is a shop like any other.
			r.reached(r.place(request("sandbox_ok", of(mug.GetCode(), 1))).GetId(), confirmed)
			r.stop()
		})
	}
	// The first shop never knew.
	all.mustEnd(t, &s.shop)
	s.mustAudit()
}

// ids are those of the orders that were accepted so far.
func (a *accepted) ids() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	ids := make([]string, 0, len(a.reqs))
	for id := range a.reqs {
		ids = append(ids, id)
	}
	return ids
}

// ended counts the orders that are confirmed or cancelled.
func (s *oneProcess) ended() (n int64) {
	s.t.Helper()
	s.query("order", "select count(*) from orders where state in (3, 6)", nil, &n)
	return n
}

// mustHave checks that the orders are there, and waits for the end of each.
func (s *oneProcess) mustHave(ids []string) {
	s.t.Helper()
	var n int
	if s.query("order", "select count(*) from orders where id = any($1::text[]::uuid[])", ids, &n); n != len(ids) {
		s.t.Fatalf("%d orders of %d are there", n, len(ids))
	}
	eventually(s.t, func(context.Context) error {
		var open int
		if s.query("order", "select count(*) from orders where id = any($1::text[]::uuid[]) and state not in (3, 6)", ids, &open); open > 0 {
			return errorf("%d orders have not come to their end", open)
		}
		return nil
	})
}

// query reads one value as the superuser; ids is $1 unless it is nil.
func (s *oneProcess) query(database, sql string, ids []string, into any) {
	s.t.Helper()
	address, err := postgres.AdminURL(filepath.Join(s.data, "postgres"), "shopmesh_"+database)
	if err != nil {
		s.t.Fatal(err)
	}
	conn, err := pgx.Connect(s.t.Context(), address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close(s.t.Context()) }()
	var args []any
	if ids != nil {
		args = append(args, ids)
	}
	if err := conn.QueryRow(s.t.Context(), sql, args...).Scan(into); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}

// noMailTwice checks that the inbox holds one mail of each subject to each address.
func (s *shop) noMailTwice() {
	s.t.Helper()
	seen := map[string]bool{}
	for _, m := range s.allMails() {
		if key := m.To + ": " + m.Subject; seen[key] {
			s.t.Errorf("twice in the inbox: %s", key)
		} else {
			seen[key] = true
		}
	}
}
