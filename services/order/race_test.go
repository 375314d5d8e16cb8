package order_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// race is two things that happen to one order at once.
type race struct {
	first, second func(o *orderv1.Order) error
}

// inTurn has the two meet at an order's row lock in a known order: the one who
// leads holds the row and can't write its events yet, so that it hasn't committed
// when the other comes.
func (b *harness) inTurn(lead, follow func() error) error {
	b.t.Helper()
	conn, err := b.pool.Acquire(b.t.Context())
	if err != nil {
		return err
	}
	defer conn.Release()
	gate, err := conn.Begin(b.t.Context())
	if err != nil {
		return err
	}
	defer func() { _ = gate.Rollback(context.WithoutCancel(b.t.Context())) }()
	for _, statement := range []string{`set local idle_in_transaction_session_timeout = 0`, `lock table outbox in share mode`} {
		if _, err := gate.Exec(b.t.Context(), statement); err != nil {
			return err
		}
	}
	var errs [2]error
	var running sync.WaitGroup
	running.Go(func() { errs[0] = lead() })
	b.waitForWaiting(1, nil)
	followed := make(chan struct{})
	running.Go(func() { errs[1] = follow(); close(followed) })
	// A sweeper skips an order that is locked; all others wait.
	b.waitForWaiting(2, followed)
	if err := gate.Commit(b.t.Context()); err != nil {
		return err
	}
	running.Wait()
	return errors.Join(errs[:]...)
}

// waitForWaiting waits until n transactions wait for a lock, or done is closed.
func (b *harness) waitForWaiting(n int, done <-chan struct{}) {
	b.t.Helper()
	testkit.Eventually(b.t, fmt.Sprintf("%d transactions wait for a lock", n), func() bool {
		select {
		case <-done:
			return true
		default:
		}
		return testkit.WaitingForLocks(b.t, b.pool) >= n
	})
}

// free has the two meet as it happens, for many orders at once, until each was the
// first at some order; leads reports who was.
func (b *harness) free(r race, prepare func() *orderv1.Order, leads func(*orderv1.Order) bool) []*orderv1.Order {
	b.t.Helper()
	var all []*orderv1.Order
	for batch := 0; ; batch++ {
		if batch == 50 {
			b.t.Fatalf("in %d races the same one was always first", len(all))
		}
		some := make([]*orderv1.Order, 16)
		for i := range some {
			some[i] = prepare()
		}
		begin := make(chan struct{})
		var running sync.WaitGroup
		for i, o := range some {
			run := func(f func(*orderv1.Order) error) {
				running.Go(func() {
					<-begin
					if err := f(o); err != nil {
						b.t.Errorf("order %s: %v", o.GetId(), err)
					}
				})
			}
			// Who is started first is first more often.
			if i%2 == 0 {
				run(r.first)
				run(r.second)
			} else {
				run(r.second)
				run(r.first)
			}
		}
		close(begin)
		running.Wait()
		all = append(all, some...)
		if slices.ContainsFunc(all, leads) && slices.ContainsFunc(all, func(o *orderv1.Order) bool { return !leads(o) }) && len(all) >= 64 {
			return all
		}
	}
}

// retried applies events as a consumer does, which tries again what may pass.
func (b *harness) retried(handle func() error) error {
	for {
		if err := handle(); err == nil || !pg.Transient(err) {
			return err
		}
	}
}

func (b *harness) cancel(o *orderv1.Order) error {
	_, err := b.client.CancelOrder(b.t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: o.GetId(), Reason: "changed my mind"})
	return err
}

func (b *harness) capture(o *orderv1.Order) error {
	return b.retried(func() error { return b.tryHandle(paymentCaptured(o)) })
}

// expire sweeps as the sweeper does, which skips an order that is locked.
func (b *harness) expire(*orderv1.Order) error {
	return b.retried(func() error { _, err := b.orders.Sweep(b.t.Context()); return err })
}

func (b *harness) awaitingPayment() *orderv1.Order {
	b.t.Helper()
	o := b.placed()
	b.handle(stockReserved(o))
	b.published()
	return o
}

// states are those that an order came to.
func (b *harness) states(o *orderv1.Order) []string {
	b.t.Helper()
	var all []string
	for _, entry := range b.get(o).GetHistory() {
		all = append(all, entry.GetState().String()[len("ORDER_STATE_"):])
	}
	return all
}

func (b *harness) wasConfirmed(o *orderv1.Order) bool {
	return slices.Contains(b.states(o), "CONFIRMED")
}

// wantGivenBack checks a cancelled order whose money was captured: the refund is
// awaited until it came, and afterwards the order keeps nothing.
func (b *harness) wantGivenBack(o *orderv1.Order, reason string) {
	b.t.Helper()
	got := b.wantState(o, "CANCELLED", reason, "RELEASE", "REFUND", "CANCELLATION_MAIL")
	if !proto.Equal(got.GetCaptured(), o.GetTotal()) || got.GetRefunded().GetUnits() != 0 {
		b.t.Errorf("captured %v, refunded %v", got.GetCaptured(), got.GetRefunded())
	}
	b.handle(paymentRefunded(o, uuid.NewString(), 1000, 1000), stockReleased(o))
	got = b.wantState(o, "CANCELLED", reason, "CANCELLATION_MAIL", "REFUND_MAIL")
	if !proto.Equal(got.GetCaptured(), got.GetRefunded()) {
		b.t.Errorf("captured %v, refunded %v", got.GetCaptured(), got.GetRefunded())
	}
}

// cancellations counts the events of an order's end, and returns the last.
func cancellations(published []publication, o *orderv1.Order) (n int, last *orderv1.OrderCancelled) {
	for _, s := range published {
		if m, ok := s.message.(*orderv1.OrderCancelled); ok && m.GetNotice().GetOrderId() == o.GetId() {
			n, last = n+1, m
		}
	}
	return n, last
}

// A customer cancels while the payment is captured. Whoever is first, the order ends
// cancelled and gives all money back; a capture that comes second is answered with
// the cancellation, which payment answers with the refund.
func TestACancellationMeetsTheCapture(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	check := func(o *orderv1.Order, published []publication) {
		t.Helper()
		n, last := cancellations(published, o)
		want, states := 2, []string{"PLACED", "AWAITING_PAYMENT", "CANCELLED"}
		if b.wasConfirmed(o) {
			want, states = 1, []string{"PLACED", "AWAITING_PAYMENT", "CONFIRMED", "CANCELLED"}
		}
		if got := b.states(o); !slices.Equal(got, states) {
			t.Errorf("the order went %v", got)
		}
		if n != want || !last.GetPaymentRequested() || last.GetPaymentId() != o.GetPaymentId() {
			t.Errorf("the end was published %d times, want %d; last %v", n, want, last)
		}
		b.wantGivenBack(o, "REQUESTED")
	}
	for i := range 8 {
		o := b.awaitingPayment()
		cancel, capture := func() error { return b.cancel(o) }, func() error { return b.capture(o) }
		lead, follow := cancel, capture
		if i%2 == 1 {
			lead, follow = capture, cancel
		}
		if err := b.inTurn(lead, follow); err != nil {
			t.Fatal(err)
		}
		if b.wasConfirmed(o) != (i%2 == 1) {
			t.Errorf("round %d: the order went %v", i, b.states(o))
		}
		check(o, b.publishedWithIDs())
	}
	all := b.free(race{b.cancel, b.capture}, b.awaitingPayment, b.wasConfirmed)
	// Preparing a batch takes what the one before it published; the last is complete.
	published := b.publishedWithIDs()
	for _, o := range all[len(all)-16:] {
		check(o, published)
	}
	for _, o := range all[:len(all)-16] {
		b.wantGivenBack(o, "REQUESTED")
	}
}

// The payment's time is over while it is captured. Order alone decides: either it is
// confirmed and stays so, or it is cancelled and gives the money back.
func TestTheExpiryMeetsTheCapture(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	expired := func() *orderv1.Order {
		o := b.awaitingPayment()
		if _, err := b.pool.Exec(t.Context(), `update orders set expire_time = $2, due_time = $2 where id = $1`, o.GetId(), b.orders.Now().Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
		return o
	}
	check := func(o *orderv1.Order) {
		t.Helper()
		if !b.wasConfirmed(o) {
			b.wantGivenBack(o, "EXPIRED")
			return
		}
		// Later sweeps leave it alone.
		if err := b.expire(o); err != nil {
			t.Fatal(err)
		}
		got := b.wantState(o, "CONFIRMED", "", "COMMIT", "CONFIRMATION_MAIL")
		if !proto.Equal(got.GetCaptured(), o.GetTotal()) || got.GetRefunded().GetUnits() != 0 {
			t.Errorf("captured %v, refunded %v", got.GetCaptured(), got.GetRefunded())
		}
	}
	for i := range 8 {
		o := expired()
		expire, capture := func() error { return b.expire(o) }, func() error { return b.capture(o) }
		lead, follow := expire, capture
		if i%2 == 1 {
			lead, follow = capture, expire
		}
		if err := b.inTurn(lead, follow); err != nil {
			t.Fatal(err)
		}
		if b.wasConfirmed(o) != (i%2 == 1) {
			t.Errorf("round %d: the order went %v", i, b.states(o))
		}
		check(o)
	}
	for _, o := range b.free(race{b.expire, b.capture}, expired, b.wasConfirmed) {
		check(o)
	}
}

// An order is cancelled by its customer and by the clock at once, and by two clerks
// at once: it ends once, and for one reason.
func TestTwoCancellationsMeet(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	var refusals sync.Map
	cancel := func(o *orderv1.Order) error {
		err := b.cancel(o)
		if connect.CodeOf(err) == connect.CodeFailedPrecondition {
			refusals.Store(o.GetId(), testkit.RefusalOf(t, err).Reason)
			return nil
		}
		return err
	}
	expired := func() *orderv1.Order {
		o := b.awaitingPayment()
		if _, err := b.pool.Exec(t.Context(), `update orders set expire_time = $2, due_time = $2 where id = $1`, o.GetId(), b.orders.Now().Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
		return o
	}
	byClock := func(o *orderv1.Order) bool {
		return b.get(o).GetCancelReason() == orderv1.CancelReason_CANCEL_REASON_EXPIRED
	}
	for i := range 6 {
		o := expired()
		expire, request := func() error { return b.expire(o) }, func() error { return cancel(o) }
		lead, follow := expire, request
		if i%2 == 1 {
			lead, follow = request, expire
		}
		if err := b.inTurn(lead, follow); err != nil {
			t.Fatal(err)
		}
		reason, wasRefused := refusals.Load(o.GetId())
		if byClock(o) != (i%2 == 0) || wasRefused != (i%2 == 0) || wasRefused && reason != "ORDER_STATE" {
			t.Errorf("round %d: the order went %v, the customer was refused: %v %v", i, b.states(o), wasRefused, reason)
		}
		if n, _ := cancellations(b.publishedWithIDs(), o); n != 1 {
			t.Errorf("round %d: the end was published %d times", i, n)
		}
	}
	for range 6 {
		o := b.awaitingPayment()
		if err := b.inTurn(func() error { return cancel(o) }, func() error { return cancel(o) }); err != nil {
			t.Fatal(err)
		}
		if reason, _ := refusals.Load(o.GetId()); reason != "ORDER_STATE" || !slices.Equal(b.states(o), []string{"PLACED", "AWAITING_PAYMENT", "CANCELLED"}) {
			t.Errorf("the second was refused with %v, the order went %v", reason, b.states(o))
		}
	}
}

// The same event reaches two processes at once, as after a rebalance: it has its
// effect once.
func TestTheSameCaptureInTwoProcessesConfirmsOnce(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	for range 8 {
		o := b.awaitingPayment()
		capture := func() error { return b.capture(o) }
		if err := b.inTurn(capture, capture); err != nil {
			t.Fatal(err)
		}
		if got := b.states(o); !slices.Equal(got, []string{"PLACED", "AWAITING_PAYMENT", "CONFIRMED"}) {
			t.Errorf("the order went %v", got)
		}
		b.wantPublished("OrderConfirmed")
	}
}
