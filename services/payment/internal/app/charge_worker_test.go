package app_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace/noop"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitsettings "github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment"
	"github.com/shopmesh/shopmesh/services/payment/internal/app"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/events"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// scripted is a provider that does what a test wants, and remembers the keys.
type scripted struct {
	charge func(ctx context.Context, r provider.ChargeRequest, times int) (provider.Charge, error)

	mu   sync.Mutex
	keys map[string]int
}

func (s *scripted) Charge(ctx context.Context, r provider.ChargeRequest) (provider.Charge, error) {
	s.mu.Lock()
	if s.keys == nil {
		s.keys = map[string]int{}
	}
	s.keys[r.Key]++
	times := s.keys[r.Key]
	s.mu.Unlock()
	return s.charge(ctx, r, times)
}

func (s *scripted) Refund(_ context.Context, r provider.RefundRequest) (provider.Refund, error) {
	return provider.Refund{ID: "re-" + r.Key, Status: provider.Succeeded}, nil
}

func (s *scripted) LookUpRefund(context.Context, provider.RefundRequest) (provider.Refund, error) {
	return provider.Refund{}, provider.ErrNotFound
}

func yes(_ context.Context, r provider.ChargeRequest, _ int) (provider.Charge, error) {
	return provider.Charge{ID: "ch-" + r.Key, Status: provider.Succeeded}, nil
}

// harness is payment's database with workers on it.
type harness struct {
	t          *testing.T
	pool       *pg.Pool
	statements *testkit.Statements
	deps       app.Deps
}

func newHarness(t *testing.T, settings domain.Settings) harness {
	t.Helper()
	statements := &testkit.Statements{}
	pool := testkit.Open(t, pg.Config{URL: testkit.DatabaseURL(t, payment.Migrations()), Tracer: statements})
	return harness{t: t, pool: pool, statements: statements, deps: app.Deps{
		Pool: pool, Settings: kitsettings.Fixed(settings), ProviderOf: func(string) string { return "scripted" },
		Recorder: app.Recorder{Wake: func() {}, EventSource: events.Source, ToOutbox: events.ToOutbox},
		Now:      microseconds(0), NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }, Log: testkit.Log(t),
	}}
}

// microseconds is a clock that is so much ahead, as kit/app's is.
func microseconds(ahead time.Duration) func() time.Time {
	return func() time.Time { return time.Now().Add(ahead).UTC().Truncate(time.Microsecond) }
}

// worker makes a worker; it works until the test ends.
func (o harness) worker(p provider.Provider) *app.ChargeWorker {
	w := o.idle(p)
	ctx, cancel := context.WithCancel(context.WithoutCancel(o.t.Context()))
	var working sync.WaitGroup
	working.Go(func() { _ = w.Run(ctx) })
	o.t.Cleanup(func() {
		cancel()
		working.Wait()
	})
	return w
}

// idle makes a worker that does not run: what it is handed waits in its memory.
func (o harness) idle(p provider.Provider) *app.ChargeWorker {
	deps := o.deps
	deps.Providers = func(string) provider.Provider { return p }
	w := app.NewChargeWorker(deps, noop.NewTracerProvider())
	o.t.Cleanup(w.Close)
	return w
}

// payments are the use cases of a worker's process.
func (o harness) payments(w *app.ChargeWorker) app.Payments {
	return app.Payments{Deps: w.Deps, Worker: w}
}

// placeOrders has order request the money of n orders, and returns the payments' ids.
func (o harness) placeOrders(w *app.ChargeWorker, n int) []uuid.UUID {
	o.t.Helper()
	ids, batch := make([]uuid.UUID, n), make([]domain.InboundEvent, n)
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7())
		batch[i] = domain.InboundEvent{OrderID: uuid.Must(uuid.NewV7()), Awaiting: &domain.AwaitingPayment{
			PaymentID: ids[i], Total: money.Money{Currency: "EUR", Amount: 1000}, Method: "card",
		}}
	}
	apply := func(ctx context.Context, tx *pg.Tx) error { return o.payments(w).ApplyOrderEvents(ctx, tx, batch) }
	if err := o.pool.Hot().InTx(o.t.Context(), apply); err != nil {
		o.t.Fatal(err)
	}
	return ids
}

func (o harness) get(id uuid.UUID) app.PaymentDetails {
	o.t.Helper()
	p, err := app.Payments{Deps: o.deps}.GetPayment(authz.WithCaller(o.t.Context(), testkit.Staff(optionsv1.Permission_PERMISSION_PAYMENTS_READ)), id)
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

func (o harness) waitStatus(status domain.PaymentStatus, ids ...uuid.UUID) {
	o.t.Helper()
	testkit.Eventually(o.t, "all payments are "+status.String(), func() bool {
		for _, id := range ids {
			if o.get(id).Payment.Status != status {
				return false
			}
		}
		return true
	})
}

func TestAnUnknownOutcomeIsRepeatedUnderTheSameKeyUntilThereIsAnAnswer(t *testing.T) {
	t.Parallel()
	o := newHarness(t, domain.Settings{ProviderTimeout: 50 * time.Millisecond, RetryAfter: 10 * time.Millisecond})
	p := &scripted{charge: func(ctx context.Context, r provider.ChargeRequest, times int) (provider.Charge, error) {
		switch times {
		case 1:
			<-ctx.Done() // no answer
			return provider.Charge{}, ctx.Err()
		case 2:
			return provider.Charge{}, errors.New("502 Bad Gateway from db.internal")
		case 3:
			return provider.Charge{ID: "ch"}, nil // neither yes nor no
		}
		return yes(ctx, r, times)
	}}
	id := o.placeOrders(o.worker(p), 1)[0]
	o.waitStatus(domain.PaymentCaptured, id)
	tried := o.get(id)
	var got []string
	for _, a := range tried.Attempts {
		got = append(got, a.Detail)
	}
	if strings.Join(got, "|") != "no answer in time|the answer was lost|the provider answered neither yes nor no|" {
		t.Errorf("attempts %q", got)
	}
	if len(p.keys) != 1 || p.keys[provider.ChargeKey(id)] != 4 {
		t.Errorf("the keys of its requests are %v", p.keys)
	}
}

func TestWhatACrashCutOffIsTakenOverWhenItsLeaseIsOver(t *testing.T) {
	t.Parallel()
	o := newHarness(t, domain.Settings{ProviderTimeout: time.Second, RetryAfter: 10 * time.Millisecond})
	crashed := &scripted{charge: yes}
	ids := o.placeOrders(o.idle(crashed), 300)
	// The same database a minute later, in another process.
	o.deps.Now = microseconds(time.Minute)
	next := &scripted{charge: yes}
	o.worker(next)
	o.waitStatus(domain.PaymentCaptured, ids...)
	if len(crashed.keys) != 0 || len(next.keys) != len(ids) {
		t.Errorf("the first requested %d, the next %d", len(crashed.keys), len(next.keys))
	}
}

func TestTwoProcessesShareWhatIsDue(t *testing.T) {
	t.Parallel()
	o := newHarness(t, domain.Settings{ProviderTimeout: time.Hour, RetryAfter: 10 * time.Millisecond})
	ids := o.placeOrders(o.idle(&scripted{charge: yes}), 500)
	o.deps.Now = microseconds(2 * time.Hour) // the first process's leases are over, theirs will not be
	one, two := &scripted{charge: yes}, &scripted{charge: yes}
	o.worker(one)
	o.worker(two)
	o.waitStatus(domain.PaymentCaptured, ids...)
	one.mu.Lock()
	defer one.mu.Unlock()
	two.mu.Lock()
	defer two.mu.Unlock()
	for key := range one.keys {
		if two.keys[key] > 0 {
			t.Errorf("both sent a request under %s", key)
		}
	}
	if len(one.keys)+len(two.keys) != len(ids) {
		t.Errorf("they requested %d and %d of %d", len(one.keys), len(two.keys), len(ids))
	}
}

func TestSlowRequestsDoNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	o := newHarness(t, domain.Settings{ProviderTimeout: 30 * time.Second, RetryAfter: time.Second})
	release := make(chan struct{})
	slow := sync.Map{}
	p := &scripted{charge: func(ctx context.Context, r provider.ChargeRequest, times int) (provider.Charge, error) {
		if _, waits := slow.Load(r.PaymentID); waits {
			<-release
		}
		return yes(ctx, r, times)
	}}
	idle := o.idle(p)
	held := o.placeOrders(idle, 100)
	for _, id := range held {
		slow.Store(id, true)
	}
	w := o.worker(p)
	var waiting domain.Changes
	for _, id := range held {
		waiting.Charges = append(waiting.Charges, o.get(id).Payment)
	}
	w.Take(waiting)
	o.waitStatus(domain.PaymentCaptured, o.placeOrders(w, 200)...)
	for _, id := range held {
		if got := o.get(id).Payment.Status; got != domain.PaymentPending {
			t.Errorf("%s is %s while the provider thinks", id, got)
		}
	}
	close(release)
	o.waitStatus(domain.PaymentCaptured, held...)
}

// The database refuses an id of 201 bytes: that one payment stays pending, and the
// others that were answered in the same decision are recorded.
func TestAnAnswerThatCannotBeKeptDoesNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	o := newHarness(t, domain.Settings{ProviderTimeout: 30 * time.Second, RetryAfter: time.Second})
	gate := make(chan struct{})
	var bad uuid.UUID
	p := &scripted{charge: func(ctx context.Context, r provider.ChargeRequest, times int) (provider.Charge, error) {
		<-gate
		if r.PaymentID == bad {
			return provider.Charge{ID: strings.Repeat("x", 201), Status: provider.Succeeded}, nil
		}
		return yes(ctx, r, times)
	}}
	ids := o.placeOrders(o.worker(p), 20)
	bad = ids[7]
	close(gate)
	o.waitStatus(domain.PaymentCaptured, append(ids[:7:7], ids[8:]...)...)
	if got := o.get(bad).Payment.Status; got != domain.PaymentPending {
		t.Errorf("the bad one is %s", got)
	}
}

// A process that stops records what it cut off as unknown, so that the next one
// repeats it soon and need not wait for the lease.
func TestARequestThatIsCutOffIsRecordedAsUnknown(t *testing.T) {
	t.Parallel()
	o := newHarness(t, domain.Settings{ProviderTimeout: 30 * time.Second, RetryAfter: time.Second})
	called := make(chan struct{})
	w := o.idle(&scripted{charge: func(ctx context.Context, _ provider.ChargeRequest, _ int) (provider.Charge, error) {
		close(called)
		<-ctx.Done()
		return provider.Charge{}, ctx.Err()
	}})
	id := o.placeOrders(w, 1)[0]
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	working.Go(func() { _ = w.Run(ctx) })
	<-called
	stop()
	working.Wait()
	tried := o.get(id)
	if tried.Payment.Status != domain.PaymentPending || len(tried.Attempts) != 1 || tried.Attempts[0].Outcome != domain.Unknown ||
		time.Until(tried.Payment.Due) > 5*time.Second {
		t.Errorf("it stands at %+v", tried)
	}
}
