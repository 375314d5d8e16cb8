package payment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

const checkout = "stripe_checkout"

// page waits until an order's payment shows the page on which it is paid.
func (s cardHarness) page(o order) string {
	s.t.Helper()
	url := s.waitPending(o, waitsForAction).GetNextAction().GetRedirectUrl()
	if url == "" {
		s.t.Fatal("the payment shows no page")
	}
	return url
}

// session is the one Checkout Session of an order.
func (s cardHarness) session(o order) stripefake.Checkout {
	s.t.Helper()
	all := s.stripe.Checkouts(o.payment.String())
	if len(all) != 1 {
		s.t.Fatalf("%d Checkout Sessions of payment %s: %+v", len(all), o.payment, all)
	}
	return all[0]
}

func (s cardHarness) visit(url, method string) {
	s.t.Helper()
	if err := s.stripe.Visit(url, method); err != nil {
		s.t.Fatal(err)
	}
}

// The customer pays on Stripe's page, at the second try: the webhook settles the payment, and
// what is given back is of the money that the page took.
func TestACustomerPaysOnStripesPage(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, withReturn, stripefake.Config{})
	o := s.pay(checkout)
	page := s.page(o)
	if session := s.session(o); page != session.URL || session.Amount != 1234 || session.BackURL != "https://shop.example/paid?order_id="+o.id.String() {
		t.Errorf("the payment shows %s of %+v", page, session)
	}
	s.visit(page, "pm_card_chargeDeclined")
	if again := s.page(o); again != page {
		t.Errorf("after a card that was declined the page is %s", again)
	}
	s.visit(page, "pm_card_visa")
	paid := s.waitStatus(o, captured)
	if intent := s.only(o); paid.GetProviderChargeId() != intent.Intent || intent.Charges != 1 || paid.GetNextAction() != nil {
		t.Errorf("paid is %v, the ledger has %+v", paid, intent)
	}
	s.publish(o.cancelled())
	s.waitStatus(o, refunded)
	if intent := s.only(o); intent.Refunded != 1234 {
		t.Errorf("given back is %+v", intent)
	}
}

// An order that is cancelled ends its page: nobody can pay there any more.
func TestACancelledOrderEndsItsPage(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, withReturn, stripefake.Config{})
	o := s.pay(checkout)
	page := s.page(o)
	s.publish(o.cancelled())
	if p := s.waitStatus(o, cancelled); p.GetFailureCode() != "order_cancelled" {
		t.Errorf("the payment is %v", p)
	}
	if err := s.stripe.Visit(page, "pm_card_visa"); err == nil || s.session(o).Status != "expired" {
		t.Errorf("the page is still open: %+v", s.session(o))
	}
}

// The customer pays while the order is being cancelled: the money was taken, and is given back.
func TestWhatIsPaidOnThePageOfACancelledOrderIsGivenBack(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, withReturn, stripefake.Config{})
	o := s.pay(checkout)
	page := s.page(o)
	s.stripe.SetEndpoint("") // the shop hears nothing of it
	s.visit(page, "pm_card_visa")
	s.publish(o.cancelled())
	s.waitStatus(o, refunded)
	if intent := s.only(o); intent.Charges != 1 || intent.Refunded != 1234 {
		t.Errorf("the ledger has %+v", intent)
	}
	s.connect() // and hears now, late
	testkit.Eventually(t, "all events were taken", func() bool { return s.stripe.Unsent() == 0 })
	if open := s.contradictions(); len(open) != 0 {
		t.Errorf("late events contradict: %v", open)
	}
}

// A page that nobody went through is over after 24 hours, and so is the payment.
func TestAPageThatIsOverFailsThePayment(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, withReturn, stripefake.Config{})
	o := s.pay(checkout)
	s.page(o)
	s.stripe.ExpireCheckouts()
	if p := s.waitStatus(o, failed); p.GetFailureCode() != "checkout_expired" {
		t.Errorf("the payment is %v", p)
	}
}

// A debit is taken, or fails, days after the customer went through the page.
func TestADebitOnStripesPageIsSettledLater(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, withReturn, stripefake.Config{})
	taken, refusedLater := s.pay(checkout), s.pay(checkout)
	s.visit(s.page(taken), "pm_usBankAccount_success")
	s.visit(s.page(refusedLater), "pm_usBankAccount_debitNotAuthorized")
	s.waitPending(taken, waitsForBank)
	s.waitPending(refusedLater, waitsForBank)
	s.stripe.Advance()
	s.waitStatus(taken, captured)
	if p := s.waitStatus(refusedLater, failed); p.GetFailureCode() != "payment_method_provider_decline" {
		t.Errorf("the payment is %v", p)
	}
}

// Answers are lost, late and failures, events come early, late and twice: each customer pays
// once, on one page, and nothing contradicts.
func TestStripesPageUnderFaults(t *testing.T) {
	t.Parallel()
	const settings = `{"payment": {"providerTimeout": "5s", "retryAfter": "0.02s", "returnUrl": "https://shop.example/paid"}}`
	s := newCardHarness(t, settings, stripefake.Config{
		Seed:     testkit.Seed(t, "./services/payment"),
		Faults:   stripefake.Faults{Unreached: 0.05, TooMany: 0.05, Unavailable: 0.05, Slow: 0.1, SlowFor: 50 * time.Millisecond, Lost: 0.15, Failed: 0.15},
		Webhooks: stripefake.Webhooks{Early: 0.3, LateFor: 300 * time.Millisecond, Twice: 0.5},
	})
	orders := make([]order, 12)
	for i := range orders {
		orders[i] = s.pay(checkout)
	}
	for _, o := range orders {
		testkit.Eventually(t, "a page is shown and paid", func() bool {
			for _, session := range s.stripe.Checkouts(o.payment.String()) {
				if url := session.URL; url != "" && s.shows(o, url) {
					return s.stripe.Visit(url, "pm_card_visa") == nil
				}
			}
			return false
		})
	}
	for _, o := range orders {
		s.waitStatus(o, captured)
		if intent := s.only(o); intent.Charges != 1 || intent.Received != 1234 {
			t.Errorf("the ledger has %+v", intent)
		}
	}
	testkit.Eventually(t, "all events were taken", func() bool { return s.stripe.Unsent() == 0 })
	if open := s.contradictions(); len(open) != 0 {
		t.Errorf("contradictions: %v", open)
	}
}

// shows reports whether an order's payment shows this page. The provider may not answer now.
func (s cardHarness) shows(o order, url string) bool {
	res, err := s.payments.GetPayment(s.t.Context(), &paymentv1.GetPaymentRequest{Id: o.payment.String()})
	return err == nil && res.GetPayment().GetNextAction().GetRedirectUrl() == url
}

// Somebody gives the money back at Stripe before the shop heard that it was taken: that waits
// for the payment, and contradicts nothing.
func TestARefundThatComesBeforeThePaymentWaits(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, withReturn, stripefake.Config{})
	o := s.pay(checkout)
	page := s.page(o)
	s.stripe.SetEndpoint("")
	s.visit(page, "pm_card_visa")
	intent := s.only(o).Intent
	if err := s.stripe.RefundElsewhere(intent, 200); err != nil {
		t.Fatal(err)
	}
	s.connect()
	testkit.Eventually(t, "the refund is in the books", func() bool {
		all := s.refunds(o)
		return len(all) == 1 && all[0].GetStatus().String() == "REFUND_STATUS_SUCCEEDED"
	})
	if open := s.contradictions(); len(open) != 0 {
		t.Errorf("contradictions: %v", open)
	}
}

// Without a page to come back to there is no page of Stripe's.
func TestStripesPageNeedsAPageToComeBackTo(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, calm, stripefake.Config{})
	o := s.pay(checkout)
	if p := s.waitStatus(o, failed); p.GetFailureCode() != "return_url_not_set" {
		t.Errorf("the payment is %v", p)
	}
	if n := s.stripe.Requests("POST /v1/checkout/sessions"); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// What a page of somebody else's came to is none of the shop's business, and one that was paid
// after the payment failed contradicts the books.
func TestEventsOfOtherPages(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, withReturn, stripefake.Config{})
	o := s.pay(checkout)
	s.page(o)
	s.stripe.ExpireCheckouts()
	p := s.waitStatus(o, failed)
	event := func(metadata, status string) string {
		return `{"id": "evt_` + uuid.NewString() + `", "object": "event", "type": "checkout.session.completed", "livemode": false, "data": {"object": {"object": "checkout.session",
			"id": "` + p.GetProviderChargeId() + `", "amount_total": 1234, "currency": "eur", "payment_status": "` + status + `", "payment_intent": "pi_other", "metadata": {` + metadata + `}}}}`
	}
	ours := `"payment_id": "` + o.payment.String() + `", "order_id": "` + o.id.String() + `"`
	for _, text := range []string{event("", "paid"), event(ours, "unpaid")} {
		if status := s.post([]byte(text), sign([]byte(text))); status != 200 || len(s.contradictions()) != 0 {
			t.Errorf("%d, %v", status, s.contradictions())
		}
	}
	text := event(ours, "paid")
	if status := s.post([]byte(text), sign([]byte(text))); status != 200 {
		t.Errorf("%d", status)
	}
	if open := s.contradictions(); len(open) != 1 || !strings.Contains(open[0].GetCause(), "took the money of a payment that is FAILED") {
		t.Errorf("contradictions: %v", open)
	}
}
