package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// What a method can't take is refused when the order is placed, and names those that
// can: Stripe takes Kuwaiti dinars in tens of fils, and euros from 0.50 on.
func TestAMethodRefusesWhatItCannotTake(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		price   money.Money
		taken   bool
		fitting []string
	}{
		"1.250 dinars":         {money.Money{Currency: "KWD", Amount: 1250}, true, []string{"sandbox_ok", "sandbox_declined", "pm_*"}},
		"1.255 dinars":         {money.Money{Currency: "KWD", Amount: 1255}, false, []string{"sandbox_ok", "sandbox_declined"}},
		"49 cents":             {euros(49), false, []string{"sandbox_ok", "sandbox_declined"}},
		"50 cents":             {euros(50), true, []string{"sandbox_ok", "sandbox_declined", "pm_*"}},
		"a million euros":      {euros(100_000_000), false, []string{"sandbox_ok", "sandbox_declined"}},
		"yen":                  {money.Money{Currency: "JPY", Amount: 1000}, false, []string{"sandbox_ok", "sandbox_declined"}},
		"dollars, by default":  {money.Money{Currency: "USD", Amount: 1}, true, []string{"sandbox_ok", "sandbox_declined", "pm_*"}},
		"nothing to be paid":   {euros(0), false, []string{"sandbox_ok", "sandbox_declined"}},
		"the largest it takes": {euros(99_999_999), true, []string{"sandbox_ok", "sandbox_declined", "pm_*"}},
	} {
		p, in := placement(), input()
		in.Products["MUG"] = domain.Product{ID: uuid.New(), Code: "MUG", Name: "Mug", Price: row.price, Status: domain.ProductActive}
		p.Lines, p.PaymentMethod = []domain.LineRequest{{Code: "MUG", Quantity: 1}}, "pm_card_visa"
		if got := methods().Fitting(row.price); !slices.Equal(got, row.fitting) {
			t.Errorf("%s: %v fit, want %v", name, got, row.fitting)
		}
		_, _, err := domain.Place(p, in, at(0))
		if refused, _ := fault.Of(err); row.taken != (err == nil) || !row.taken && (refused.Reason() != domain.ReasonPaymentMethodUnfit || refused.Kind() != fault.FailedPrecondition) {
			t.Errorf("%s: placed with %v", name, err)
		}
	}
}

// Each method has its own time to be paid in.
func TestAnOrderWaitsAsLongAsItsMethodAllows(t *testing.T) {
	t.Parallel()
	for method, window := range map[string]time.Duration{"sandbox_ok": 30 * time.Minute, "pm_card_visa": time.Hour} {
		p := placement()
		p.PaymentMethod = method
		o, _, err := domain.Place(p, input(), at(0))
		if err != nil {
			t.Fatal(err)
		}
		if got := o.Snapshot().ExpireTime; !got.Equal(dawn.Add(window)) {
			t.Errorf("%s expires at %v", method, got)
		}
	}
}

// A debit that a bank works on does not expire while it does: seven days, and then it
// does. A report that comes again, or late, changes nothing.
func TestAPaymentInProcessIsWaitedFor(t *testing.T) {
	t.Parallel()
	o := reserved(t)
	processing := domain.PaymentProcessing{PaymentID: o.Snapshot().PaymentID, Time: dawn.Add(time.Minute)}
	d := apply(t, o, processing, processing)
	if len(d.History) != 1 || d.History[0].Step != domain.Processing || d.History[0].State != domain.AwaitingPayment {
		t.Fatalf("the history gets %+v", d.History)
	}
	deadline := dawn.Add(time.Minute + 7*24*time.Hour)
	if got := o.Snapshot().ExpireTime; !got.Equal(deadline) {
		t.Fatalf("it expires at %v, want %v", got, deadline)
	}
	if o.Sweep(retry, domain.Cause{Time: dawn.Add(6 * 24 * time.Hour)}); o.State() != domain.AwaitingPayment {
		t.Fatalf("on the sixth day it is %s", o.State())
	}
	if found := o.Check([]domain.Entry{{Version: 1, Step: domain.Moved, State: domain.Placed}, {Version: 2, Step: domain.Moved, State: domain.AwaitingPayment}, d.History[0]}, dawn.Add(6*24*time.Hour)); len(found) > 0 {
		t.Errorf("the audit finds %v", found)
	}
	o.Sweep(retry, domain.Cause{Time: deadline})
	if o.State() != domain.Cancelled || o.Snapshot().CancelReason != domain.Expired {
		t.Errorf("after the window it is %s, %s", o.State(), o.Snapshot().CancelReason)
	}
	if d := apply(t, o, processing); len(d.History) > 0 {
		t.Errorf("reported late, the history gets %+v", d.History)
	}
}

// A payment that the customer has to approve is shown as a step; one that is abandoned
// there expires as unpaid, one that is approved confirms the order.
func TestAPaymentThatNeedsAnActionIsAStep(t *testing.T) {
	t.Parallel()
	abandoned, approved := reserved(t), reserved(t)
	for _, o := range []*domain.Order{abandoned, approved} {
		action := domain.PaymentActionRequired{PaymentID: o.Snapshot().PaymentID}
		d := apply(t, o, action, action)
		if len(d.History) != 1 || d.History[0].Step != domain.ActionRequired || d.History[0].State != domain.AwaitingPayment || len(d.Events) > 0 {
			t.Fatalf("the history gets %+v, %+v", d.History, d.Events)
		}
		if got := o.Snapshot().ExpireTime; !got.Equal(dawn.Add(30 * time.Minute)) {
			t.Errorf("it expires at %v", got)
		}
	}
	if apply(t, approved, captured(approved)); approved.State() != domain.Confirmed {
		t.Errorf("approved, it is %s", approved.State())
	}
	abandoned.Sweep(retry, at(30*time.Minute))
	if s := abandoned.Snapshot(); s.State != domain.Cancelled || s.CancelReason != domain.Expired {
		t.Errorf("abandoned, it is %s, %s", s.State, s.CancelReason)
	}
}

// A dispute is kept as it was last reported, whatever comes again.
func TestADisputeIsKeptAsItWasLastReported(t *testing.T) {
	t.Parallel()
	o := confirmed(t)
	dispute := func(status domain.DisputeStatus, version int64) domain.PaymentDisputed {
		return domain.PaymentDisputed{PaymentID: o.Snapshot().PaymentID, Dispute: domain.Dispute{
			ID: "dp_1", Reason: "fraudulent", Amount: euros(500), Status: status, Version: version, OpenTime: dawn,
		}}
	}
	if d := apply(t, o, dispute(domain.DisputeNeedsResponse, 3)); !d.Disputes || len(d.History) != 1 || d.History[0].Note != "NEEDS_RESPONSE of 5.00 EUR: fraudulent" {
		t.Fatalf("opened: %+v", d)
	}
	apply(t, o, dispute(domain.DisputeLost, 5))
	if d := apply(t, o, dispute(domain.DisputeUnderReview, 4), dispute(domain.DisputeLost, 5)); d.Disputes {
		t.Errorf("an older report changed it: %+v", d)
	}
	if got := o.Snapshot().Disputes; len(got) != 1 || got[0].Status != domain.DisputeLost {
		t.Errorf("disputes are %+v", got)
	}
}

// A bank took the money of an order back for its customer. A cancelled order awaits a
// refund of the rest alone, whether the dispute or the cancellation was first.
func TestWhatABankTookBackIsNotAwaitedAsARefund(t *testing.T) {
	t.Parallel()
	total := confirmed(t).Snapshot().Total.Amount
	for name, row := range map[string]struct {
		refunded, lost int64
		awaits         bool
	}{
		"all of it": {0, total, false}, "a part": {0, 400, true}, "the rest after a refund": {600, total - 600, false}, "more than was left": {600, total, false},
	} {
		for _, disputedFirst := range []bool{true, false} {
			o := confirmed(t)
			if row.refunded > 0 {
				apply(t, o, refunded(o, uuid.New(), row.refunded, row.refunded))
			}
			lost := domain.PaymentDisputed{PaymentID: o.Snapshot().PaymentID, Dispute: domain.Dispute{
				ID: "dp_1", Reason: "fraudulent", Amount: euros(row.lost), Status: domain.DisputeLost, Version: 4, OpenTime: dawn,
			}}
			if disputedFirst {
				apply(t, o, lost)
			}
			cancelledFrom(t, o)
			if apply(t, o, lost, lost); o.Snapshot().Awaits.Has(domain.AwaitsRefund) != row.awaits {
				t.Errorf("%s, disputed first: %t: it awaits %v", name, disputedFirst, o.Snapshot().Awaits.Names())
			}
			won := lost
			won.Dispute.Status, won.Dispute.Version = domain.DisputeWon, 5
			d := apply(t, o, won)
			if !o.Snapshot().Awaits.Has(domain.AwaitsRefund) {
				t.Errorf("%s, won after all: it awaits %v", name, o.Snapshot().Awaits.Names())
			}
			if !row.awaits {
				wantPublished(t, d, domain.CancelledEvent)
			}
		}
	}
}

// The broker lost the event that reports the capture: the dispute is kept, and the order
// still awaits its payment, which payment reports again.
func TestADisputeMayComeBeforeTheCaptureIsReported(t *testing.T) {
	t.Parallel()
	o := reserved(t)
	apply(t, o, domain.PaymentDisputed{PaymentID: o.Snapshot().PaymentID, Dispute: domain.Dispute{
		ID: "dp_1", Reason: "fraudulent", Amount: euros(1), Status: domain.DisputeLost, Version: 3, OpenTime: dawn,
	}})
	if s := o.Snapshot(); s.State != domain.AwaitingPayment || !s.Awaits.Has(domain.AwaitsPayment) || len(s.Disputes) != 1 {
		t.Errorf("it is %s, awaits %v, its disputes %+v", s.State, s.Awaits.Names(), s.Disputes)
	}
	apply(t, o, captured(o))
	if s := o.Snapshot(); s.State != domain.Confirmed || s.Captured != s.Total || s.Balance().Amount != s.Total.Amount-1 {
		t.Errorf("it is %s, %s captured, the balance %s", s.State, s.Captured, s.Balance())
	}
}
