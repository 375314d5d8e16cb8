package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sync/errgroup"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// placeMany places n orders of all sandbox kinds and sends each accepted one's id.
func (s *shop) placeMany(ctx context.Context, code string, n int, accepted func(*orderv1.PlaceOrderRequest, *orderv1.Order)) {
	methods := []string{"sandbox_ok", "sandbox_ok", "sandbox_ok", "sandbox_declined", "sandbox_unknown_then_ok", "sandbox_unknown_then_declined"}
	var group errgroup.Group
	group.SetLimit(32)
	for i := range n {
		req := request(methods[i%len(methods)], of(code, 1))
		group.Go(func() error {
			if res, err := s.order.PlaceOrder(ctx, req); err == nil {
				accepted(req, res.GetOrder())
			}
			return nil
		})
	}
	_ = group.Wait()
}

// accepted collects the orders that were accepted.
type accepted struct {
	mu   sync.Mutex
	reqs map[string]*orderv1.PlaceOrderRequest
	some chan struct{} // closed at the 250th
}

func newAccepted() *accepted {
	return &accepted{reqs: map[string]*orderv1.PlaceOrderRequest{}, some: make(chan struct{})}
}

func (a *accepted) add(req *orderv1.PlaceOrderRequest, o *orderv1.Order) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reqs[o.GetId()] = req
	if len(a.reqs) == 250 {
		close(a.some)
	}
}

// mustBegin waits until some orders were accepted, and fails the test when placing is done
// before that.
func (a *accepted) mustBegin(t *testing.T, done <-chan struct{}) {
	t.Helper()
	select {
	case <-a.some:
		return
	case <-done:
	}
	select { // both may be
	case <-a.some:
	default:
		t.Fatal("fewer than 250 orders were accepted")
	}
}

// mustEnd checks that every accepted order exists and came to its end.
func (a *accepted) mustEnd(t *testing.T, s *shop) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for id := range a.reqs {
		eventually(t, func(ctx context.Context) error {
			res, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: id})
			if err != nil {
				return err
			}
			if state := res.GetOrder().GetState(); state != confirmed && state != cancelled {
				return errorf("accepted order %s is still %v", id, state)
			}
			return nil
		})
	}
}

// A kill -9 in the middle of 500 orders loses none that was accepted.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	s := up(t)
	mug := s.sell(euros(5, 0), 10_000)
	all := newAccepted()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.placeMany(t.Context(), mug.GetCode(), 500, all.add)
	}()
	all.mustBegin(t, done)
	s.kill()
	<-done
	s.start()
	all.mustEnd(t, &s.shop)
	if r := s.mustAudit(); r.Orders < int64(len(all.reqs)) {
		t.Errorf("the audit saw %d orders, %d were accepted", r.Orders, len(all.reqs))
	}
}

// The broker's directory is gone: every order under way still reaches its end,
// with one charge and one mail, because overdue steps are republished.
func TestBrokerDirectoryLost(t *testing.T) {
	t.Parallel()
	settings := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(settings, []byte(`{"order":{"retryAfter":"2s"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := up(t, "--settings", settings)
	mug := s.sell(euros(5, 0), 10_000)
	all := newAccepted()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.placeMany(t.Context(), mug.GetCode(), 500, all.add)
	}()
	all.mustBegin(t, done)
	s.kill()
	<-done
	if err := os.RemoveAll(filepath.Join(s.data, "broker")); err != nil {
		t.Fatal(err)
	}
	s.start("--settings", settings)
	all.mustEnd(t, &s.shop)
	s.mustAudit()
}

// PostgreSQL is killed under load: the shop restarts it and goes on.
func TestDatabaseKilled(t *testing.T) {
	t.Parallel()
	s := up(t)
	mug := s.sell(euros(5, 0), 10_000)
	all := newAccepted()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.placeMany(t.Context(), mug.GetCode(), 500, all.add)
	}()
	all.mustBegin(t, done)
	if err := syscall.Kill(s.postmaster(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-done
	all.mustEnd(t, &s.shop)
	s.mustAudit()
	order := s.place(request("sandbox_ok", of(mug.GetCode(), 1)))
	s.reached(order.GetId(), confirmed)
}

// postmaster is the process id of the embedded PostgreSQL.
func (s *oneProcess) postmaster() int {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.data, "postgres", "*", "postmaster.pid"))
	if err != nil || len(found) != 1 {
		s.t.Fatalf("postmaster.pid: %v %v", found, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		s.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	if err != nil {
		s.t.Fatal(err)
	}
	return pid
}

// A second start on the same data directory is refused with a sentence; the
// first goes on.
func TestSecondStartIsRefused(t *testing.T) {
	t.Parallel()
	s := up(t)
	var out bytes.Buffer
	second := exec.Command(program(t, "cmd/shopmesh"), "up", "--data", s.data, "--listen", "127.0.0.1:0", "--internal-listen", "127.0.0.1:0")
	second.Stderr = &out
	err := second.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(out.String(), s.data) {
		t.Errorf("the second start ended with %v and printed %q", err, out.String())
	}
	s.sell(euros(1, 0), 1)
}

// A data directory that only its owner may enter serves as well, and a public
// address is refused as long as nobody has to sign in.
func TestStartConditions(t *testing.T) {
	t.Parallel()
	s := &oneProcess{shop: shop{t: t}, data: filepath.Join(tempDir(t), "data")}
	if err := os.Mkdir(s.data, 0o700); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.sell(euros(1, 0), 1)
	if code := s.stop(); code != 0 {
		t.Errorf("SIGTERM ended the shop with exit code %d", code)
	}

	var out bytes.Buffer
	public := exec.Command(program(t, "cmd/shopmesh"), "up", "--data", tempDir(t), "--listen", "0.0.0.0:0")
	public.Stderr = &out
	if err := public.Run(); public.ProcessState.ExitCode() != 2 || strings.Count(out.String(), "\n") != 1 || !strings.Contains(out.String(), "is not encrypted") {
		t.Errorf("a public address without TLS ended with %v and %q", err, out.String())
	}
}

// SIGTERM under load cuts off no request that the shop began: each was answered,
// so that no order exists that its customer does not know of. A request that was
// still on its way when the listener closed is refused whole.
func TestDrain(t *testing.T) {
	t.Parallel()
	s := up(t)
	mug := s.sell(euros(5, 0), 100_000)
	all := newAccepted()
	var group errgroup.Group
	for range 16 {
		group.Go(func() error {
			for {
				req := request("sandbox_ok", of(mug.GetCode(), 1))
				res, err := s.order.PlaceOrder(t.Context(), req)
				if err != nil {
					return nil //nolint:nilerr // the shop is gone
				}
				all.add(req, res.GetOrder())
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = group.Wait()
	}()
	all.mustBegin(t, done)
	if code := s.stop(); code != 0 {
		t.Errorf("the drain ended with exit code %d", code)
	}
	<-done
	s.start()
	all.mustEnd(t, &s.shop)
	if r := s.mustAudit(); r.Orders != int64(len(all.reqs)) {
		t.Errorf("%d orders exist, %d were answered", r.Orders, len(all.reqs))
	}
}
