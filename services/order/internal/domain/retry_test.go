package domain_test

import (
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

func TestOverdueStepsAreAskedAgainUnderTheirFirstIdentity(t *testing.T) {
	t.Parallel()
	o := confirmed(t) // said at second 1
	early := o.Look(retry, at(30*time.Second))
	if len(early.Said) != 0 || !o.DueTime.Equal(dawn.Add(31*time.Second)) {
		t.Fatalf("too early it says %v and looks again at %v", early.Said, o.DueTime)
	}
	due := time.Second
	for n, seconds := range []int{30, 60, 120, 240, 480, 600, 600} {
		due += time.Duration(seconds) * time.Second
		c := o.Look(retry, at(due))
		if len(c.Said) != 1 || c.Said[0].Kind != domain.SayConfirmed || c.Said[0].Version != 3 || len(c.History) != 0 {
			t.Fatalf("asking %d says %+v", n, c.Said)
		}
	}
	hears(t, o, domain.StockCommitted{}, mail(domain.ConfirmationMail, o.ID))
	if c := o.Look(retry, at(due+time.Hour)); len(c.Said) != 0 || !o.DueTime.IsZero() {
		t.Errorf("nothing is awaited, it says %v", c.Said)
	}
}

func TestAnOrderExpiresUnlessItIsPaid(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]*domain.Order{"PLACED": newOrder(t), "AWAITING_PAYMENT": reserved(t)} {
		if c := o.Look(retry, at(30*time.Minute-time.Microsecond)); o.State == domain.Cancelled || len(c.History) > 0 {
			t.Errorf("%s: expired too early", name)
		}
		c := o.Look(retry, at(30*time.Minute))
		if o.State != domain.Cancelled || o.CancelReason != domain.Expired || len(c.Said) != 1 || !o.ExpireTime.IsZero() {
			t.Errorf("%s: %s %s, said %v", name, o.State, o.CancelReason, c.Said)
		}
		if o.Awaits.Has(domain.AwaitsPayment) != (name == "AWAITING_PAYMENT") {
			t.Errorf("%s awaits %v", name, o.Awaits.Names())
		}
	}
	paid := confirmed(t)
	if paid.Look(retry, at(time.Hour)); paid.State != domain.Confirmed {
		t.Error("a paid order expired")
	}
}

// While what was asked has not left, an overdue step is not asked again, and the order
// is looked at later; it expires all the same.
func TestAHeldOrderIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	held := domain.RetryPolicy{After: retry.After, Hold: true}
	o := newOrder(t)
	overdue := at(retry.After + time.Second)
	if c := o.Look(held, overdue); len(c.Said) > 0 || !o.DueTime.Equal(overdue.Time.Add(retry.After)) {
		t.Errorf("said %v, looked at again at %v", c.Said, o.DueTime)
	}
	if c := o.Look(retry, overdue); len(c.Said) != 1 {
		t.Errorf("no longer held, said %v", c.Said)
	}
	if o.Look(held, at(o.ExpireTime.Sub(o.CreateTime))); o.State != domain.Cancelled {
		t.Errorf("expired and held: %s", o.State)
	}
}
