package domain_test

import (
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

func TestOverdueStepsAreRepublishedUnderTheirFirstIdentity(t *testing.T) {
	t.Parallel()
	o := confirmed(t) // published at second 1
	early := o.Sweep(retry, at(30*time.Second))
	if len(early.Events) != 0 || !o.Snapshot().DueTime.Equal(dawn.Add(31*time.Second)) {
		t.Fatalf("too early it publishes %v and is due at %v", early.Events, o.Snapshot().DueTime)
	}
	due := time.Second
	for n, seconds := range []int{30, 60, 120, 240, 480, 600, 600} {
		due += time.Duration(seconds) * time.Second
		c := o.Sweep(retry, at(due))
		if len(c.Events) != 1 || c.Events[0].Kind != domain.ConfirmedEvent || c.Events[0].Version != 3 || len(c.History) != 0 {
			t.Fatalf("repetition %d publishes %+v", n, c.Events)
		}
	}
	apply(t, o, domain.StockCommitted{}, mail(domain.ConfirmationMail, o.ID()))
	if c := o.Sweep(retry, at(due+time.Hour)); len(c.Events) != 0 || !o.Snapshot().DueTime.IsZero() {
		t.Errorf("nothing is awaited, it publishes %v", c.Events)
	}
}

func TestAnOrderExpiresUnlessItIsPaid(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]*domain.Order{"PLACED": newOrder(t), "AWAITING_PAYMENT": reserved(t)} {
		if c := o.Sweep(retry, at(30*time.Minute-time.Microsecond)); o.Snapshot().State == domain.Cancelled || len(c.History) > 0 {
			t.Errorf("%s: expired too early", name)
		}
		c := o.Sweep(retry, at(30*time.Minute))
		if o.Snapshot().State != domain.Cancelled || o.Snapshot().CancelReason != domain.Expired || len(c.Events) != 1 || !o.Snapshot().ExpireTime.IsZero() {
			t.Errorf("%s: %s %s, published %v", name, o.Snapshot().State, o.Snapshot().CancelReason, c.Events)
		}
		if o.Snapshot().Awaits.Has(domain.AwaitsPayment) != (name == "AWAITING_PAYMENT") {
			t.Errorf("%s awaits %v", name, o.Snapshot().Awaits.Names())
		}
	}
	paid := confirmed(t)
	if paid.Sweep(retry, at(time.Hour)); paid.Snapshot().State != domain.Confirmed {
		t.Error("a paid order expired")
	}
}

// While the outbox holds what was published, nothing is published again, and the order
// is handled later; it expires all the same.
func TestAHeldOrderIsNotRepublished(t *testing.T) {
	t.Parallel()
	held := domain.RetryPolicy{After: retry.After, Hold: true}
	o := newOrder(t)
	overdue := at(retry.After + time.Second)
	if c := o.Sweep(held, overdue); len(c.Events) > 0 || !o.Snapshot().DueTime.Equal(overdue.Time.Add(retry.After)) {
		t.Errorf("published %v, swept at again at %v", c.Events, o.Snapshot().DueTime)
	}
	if c := o.Sweep(retry, overdue); len(c.Events) != 1 {
		t.Errorf("no longer held, published %v", c.Events)
	}
	if o.Sweep(held, at(o.Snapshot().ExpireTime.Sub(o.Snapshot().CreateTime))); o.Snapshot().State != domain.Cancelled {
		t.Errorf("expired and held: %s", o.Snapshot().State)
	}
}
