package stripe_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

// page is the address of the one page of a payment.
func (b *harness) page(t *testing.T, r provider.ChargeRequest) string {
	t.Helper()
	all := b.fake.Checkouts(r.PaymentID.String())
	if len(all) != 1 {
		t.Fatalf("the pages are %+v", all)
	}
	return all[0].URL
}

func (b *harness) visit(t *testing.T, page, method string) {
	t.Helper()
	if err := b.fake.Visit(page, method); err != nil {
		t.Fatal(err)
	}
}

// A database that was restored does not know of the page that the customer paid on: the key
// finds it for a day, and its money is found after that, also when the order ended meanwhile.
func TestAPageThatTheShopForgotTakesTheMoneyOnce(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		age       time.Duration
		cancelled bool
	}{"an hour": {time.Hour, false}, "an hour, cancelled": {time.Hour, true}, "two days": {48 * time.Hour, false}, "two days, cancelled": {48 * time.Hour, true}} {
		b := newHarness(t, stripefake.Config{})
		r := b.request(provider.StripeCheckout)
		forgot := r
		r = b.opened(t, r)
		b.visit(t, b.page(t, r), "pm_card_visa")
		b.wait(row.age)
		forgot.Cancelled = row.cancelled
		charge, err := b.Charge(t.Context(), b.opened(t, forgot))
		if all := b.fake.Ledger(); err != nil || charge.Status != provider.Succeeded || len(all) != 1 || charge.ID != all[0].Intent || all[0].Charges != 1 {
			t.Errorf("%s later: %+v, %v; the ledger holds %+v", name, charge, err, all)
		}
		if n := len(b.fake.Checkouts(r.PaymentID.String())); n != 1 {
			t.Errorf("%s later: %d pages", name, n)
		}
	}
}

// A page on which nobody paid is over by the time when its key may be forgotten: another is
// made, or none for an order that ended.
func TestAPageThatNobodyPaidOnIsForgotten(t *testing.T) {
	t.Parallel()
	b := newHarness(t, stripefake.Config{})
	r := b.request(provider.StripeCheckout)
	first := b.opened(t, r)
	b.visit(t, b.page(t, r), "pm_card_chargeDeclined")
	b.wait(25 * time.Hour)
	if charge, err := b.Charge(t.Context(), first); err != nil || charge.Status != provider.Declined || charge.Code != "checkout_expired" {
		t.Errorf("the page that is over: %+v, %v", charge, err)
	}
	ended := r
	ended.Cancelled = true
	if charge, err := b.Charge(t.Context(), ended); err != nil || charge.Status != provider.Declined || charge.Code != provider.CodeCancelled {
		t.Errorf("an order that ended: %+v, %v", charge, err)
	}
	if again := b.opened(t, r); again.ChargeID == first.ChargeID {
		t.Errorf("opened again: %+v", again)
	}
}

// An order that ended while the answer of its page was lost: the page is found under the key
// and ended.
func TestALostPageOfAnOrderThatEndedIsEnded(t *testing.T) {
	t.Parallel()
	b := newHarness(t, stripefake.Config{Faults: stripefake.Faults{Lost: 1}})
	r := b.request(provider.StripeCheckout)
	if charge, err := b.Charge(t.Context(), r); err == nil {
		t.Fatalf("answered %+v", charge)
	}
	b.fake.SetFaults(stripefake.Faults{})
	page := b.page(t, r)
	r.Cancelled = true
	if charge, err := b.Charge(t.Context(), b.opened(t, r)); err != nil || charge.Status != provider.Declined || charge.Code != provider.CodeCancelled {
		t.Errorf("%+v, %v", charge, err)
	}
	if err := b.fake.Visit(page, "pm_card_visa"); err == nil {
		t.Error("it could still be paid on")
	}
}

// Nothing is concluded from a page, or from money, that is not the payment's.
func TestAnotherPageIsNotThePayments(t *testing.T) {
	t.Parallel()
	b := newHarness(t, stripefake.Config{})
	r := b.opened(t, b.request(provider.StripeCheckout))
	dearer, others, orders := r, r, r
	dearer.Amount, others.PaymentID, orders.OrderID = eur(1001), uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	b.visit(t, b.page(t, r), "pm_card_visa")
	for name, other := range map[string]provider.ChargeRequest{"amount": dearer, "payment": others, "order": orders} {
		if charge, err := b.Charge(t.Context(), other); !errors.Is(err, provider.ErrMismatch) {
			t.Errorf("another %s: %+v, %v", name, charge, err)
		}
	}
	intent := b.fake.Ledger()[0].Intent
	b.fake.Tamper(intent, func(p *stripefake.Payment) { p.Received = 1 })
	if charge, err := b.Charge(t.Context(), r); !errors.Is(err, provider.ErrMismatch) {
		t.Errorf("less money: %+v, %v", charge, err)
	}
}

// Money counts, whatever the page says.
func TestMoneyThatAnExpiredPageTookIsKnown(t *testing.T) {
	t.Parallel()
	b := newHarness(t, stripefake.Config{})
	r := b.opened(t, b.request(provider.StripeCheckout))
	b.visit(t, b.page(t, r), "pm_card_chargeDeclined")
	b.fake.ExpireCheckouts()
	intent := b.fake.Ledger()[0].Intent
	b.fake.Tamper(intent, func(p *stripefake.Payment) { p.Status, p.Received = "succeeded", p.Amount })
	if charge, err := b.Charge(t.Context(), r); err != nil || charge.Status != provider.Succeeded || charge.ID != intent {
		t.Errorf("%+v, %v", charge, err)
	}
}
