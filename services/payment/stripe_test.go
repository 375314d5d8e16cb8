package payment_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

func TestACardPaysAndIsRefunded(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{})
	o := s.pay("pm_card_visa")
	p := s.waitStatus(o, captured)
	in := s.only(o)
	if p.GetProvider() != "stripe" || p.GetProviderChargeId() != in.Intent || in.Received != 1234 || in.Currency != "eur" ||
		in.OrderID != o.id.String() || in.Reference != p.GetReference() || len(p.GetAttempts()) != 1 {
		t.Errorf("payment %v, at Stripe %+v", p, in)
	}
	res, err := s.payments.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{
		RequestId: uuid.NewString(), PaymentId: o.payment.String(), Amount: eur(200),
	})
	if err != nil || res.GetRefund().GetStatus() != paymentv1.RefundStatus_REFUND_STATUS_SUCCEEDED || !strings.HasPrefix(res.GetRefund().GetProviderRefundId(), "re_") {
		t.Fatalf("refund %v, %v", res, err)
	}
	s.publish(o.cancelled())
	s.waitStatus(o, refunded)
	if in := s.only(o); in.Refunded != 1234 {
		t.Errorf("at Stripe %+v", in)
	}
	if a := s.audit(t); len(a.findings) != 0 || len(a.providers) != 1 || a.providers[0].GetCharges() != 1 {
		t.Errorf("the audit states %v, finds %v", a.providers, a.findings)
	}
}

// What was declined is cancelled at Stripe: it can't be paid later, unknown to the order.
func TestADeclinedCardIsCancelledAtTheProvider(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{})
	for method, code := range map[string]string{
		"pm_card_visa_chargeDeclined": "card_declined", "pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds",
	} {
		o := s.pay(method)
		if p := s.waitStatus(o, failed); p.GetFailureCode() != code {
			t.Errorf("%s failed with %q", method, p.GetFailureCode())
		}
		if in := s.only(o); in.Status != "canceled" || in.Charges != 0 {
			t.Errorf("at Stripe %+v", in)
		}
	}
	o := s.pay("pm_missing")
	if p := s.waitStatus(o, failed); p.GetFailureCode() != "resource_missing" {
		t.Errorf("failed with %q", p.GetFailureCode())
	}
}

// What Stripe does not charge is declined with a code that shows why, and the order
// learns it; order's settings keep such payments from being placed.
func TestWhatStripeDoesNotChargeIsDeclinedWithItsReason(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{})
	for code, total := range map[string]money.Money{
		"amount_too_small":      {Currency: "EUR", Amount: 49},
		"amount_too_large":      {Currency: "EUR", Amount: 100_000_000},
		"amount_not_chargeable": {Currency: "KWD", Amount: 1001}, // Stripe charges KWD in steps of 0.010
	} {
		o := newOrder("pm_card_visa")
		o.total = total
		s.publish(o.awaits())
		if p := s.waitStatus(o, failed); p.GetFailureCode() != code {
			t.Errorf("%s failed with %q, want %q", total, p.GetFailureCode(), code)
		}
		if e, ok := s.waitEvents(o, 1)[0].message.(*paymentv1.PaymentFailed); !ok || e.GetFailureCode() != code {
			t.Errorf("%s: published %v", total, e)
		}
	}
}

// The customer's bank wants their consent, or takes its time: the payment is pending until
// Stripe reports that it is over, whichever way.
func TestAPaymentIsPendingUntilTheProviderDecides(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, calm, stripefake.Config{})
	stands := func(o order, status string) {
		t.Helper()
		testkit.Eventually(t, "the PaymentIntent is "+status, func() bool {
			all := s.stripe.Of(o.payment.String())
			return len(all) == 1 && all[0].Status == status && s.answered(o)
		})
		if got := s.get(o); got.GetStatus() != pending || got.GetAttempts()[0].GetOutcome() != paymentv1.AttemptOutcome_ATTEMPT_OUTCOME_PENDING ||
			got.GetAttempts()[0].GetDetail() != status {
			t.Errorf("it stands at %v", got)
		}
	}
	passes, fails := s.pay("pm_card_threeDSecure2Required"), s.pay("pm_card_threeDSecure2Required")
	good, bad := s.pay("pm_usBankAccount_success"), s.pay("pm_usBankAccount_accountClosed")
	stands(passes, "requires_action")
	stands(fails, "requires_action")
	stands(good, "processing")
	stands(bad, "processing")
	for o, passed := range map[order]bool{passes: true, fails: false} {
		if err := s.stripe.Authenticate(s.only(o).Intent, passed); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.stripe.Advance(); n != 2 {
		t.Errorf("%d ended", n)
	}
	for _, o := range []order{passes, good} {
		s.waitStatus(o, captured)
	}
	for _, o := range []order{fails, bad} {
		s.waitStatus(o, failed)
		if in := s.only(o); in.Status != "canceled" {
			t.Errorf("at Stripe %+v", in)
		}
	}
}

// An order that is cancelled while its payment is pending stops it; money that comes
// all the same is given back.
func TestAnOrderThatEndsStopsItsPayment(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, calm, stripefake.Config{})
	stopped, late := s.pay("pm_card_threeDSecure2Required"), s.pay("pm_usBankAccount_success")
	for _, o := range []order{stopped, late} {
		testkit.Eventually(t, "it is pending", func() bool {
			all := s.stripe.Of(o.payment.String())
			return len(all) == 1 && all[0].Status != "requires_confirmation" && s.answered(o)
		})
		s.publish(o.cancelled())
	}
	if p := s.waitStatus(stopped, cancelled); p.GetFailureCode() != "order_cancelled" {
		t.Errorf("it stands at %v", p)
	}
	if in := s.only(stopped); in.Status != "canceled" {
		t.Errorf("at Stripe %+v", in)
	}
	// Stripe's own events have it polled, too.
	testkit.Eventually(t, "to stop it was tried", func() bool { return s.get(late).GetPollCount() >= 1 })
	s.stripe.Advance()
	s.waitStatus(late, refunded)
	if in := s.only(late); in.Charges != 1 || in.Refunded != in.Received {
		t.Errorf("at Stripe %+v", in)
	}
}

func TestARefundIsPendingUntilTheProviderMadeIt(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, calm, stripefake.Config{})
	o := s.pay("pm_card_pendingRefund")
	s.waitStatus(o, captured)
	s.publish(o.cancelled())
	testkit.Eventually(t, "the refund is pending", func() bool { return s.only(o).Refunding == 1234 })
	if got := s.get(o).GetStatus(); got != captured {
		t.Errorf("the payment is %s while its refund is pending", got)
	}
	testkit.Eventually(t, "the answer is recorded", func() bool {
		list, err := s.payments.ListRefunds(t.Context(), &paymentv1.ListRefundsRequest{PaymentId: o.payment.String()})
		return err == nil && len(list.GetRefunds()) == 1 && list.GetRefunds()[0].GetProviderRefundId() != ""
	})
	s.stripe.Advance()
	s.waitStatus(o, refunded)
}

// A refund that fails after it had succeeded can't be made again by itself: somebody has
// to look into it.
func TestARefundThatFailsLaterIsAContradiction(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{})
	o := s.pay("pm_card_refundFail")
	s.waitStatus(o, captured)
	s.publish(o.cancelled())
	s.waitStatus(o, refunded)
	s.stripe.Advance()
	testkit.Eventually(t, "it is a contradiction", func() bool { return len(s.contradictions()) == 1 })
	if c := s.contradictions()[0]; !strings.Contains(c.GetCause(), "failed after it had succeeded") || c.GetEventType() != "refund.failed" {
		t.Errorf("kept: %v", c)
	}
	a := s.audit(t)
	if a.providers[0].GetRefunded().GetUnits() != 0 {
		t.Errorf("Stripe's ledger counts %v", a.providers[0])
	}
}

// Stripe acts and its answer is lost, comes late, or is a failure: the same is
// requested again, and the money is taken once.
func TestLostAnswersChargeOnce(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]stripefake.Faults{
		"lost": {Lost: 1}, "failed after acting": {Failed: 1}, "not reached": {Unreached: 1},
		"too many": {TooMany: 1}, "unavailable": {Unavailable: 1}, "redirected": {Redirect: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newCardHarness(t, quick, stripefake.Config{Faults: faults})
			s.lost() // no help from webhooks
			o := s.pay("pm_card_visa")
			testkit.Eventually(t, "it was tried", func() bool {
				res, err := s.payments.GetPayment(t.Context(), &paymentv1.GetPaymentRequest{Id: o.payment.String()})
				// More often than there are keys that every attempt tries.
				return err == nil && len(res.GetPayment().GetAttempts()) > 4
			})
			s.stripe.SetFaults(stripefake.Faults{})
			s.waitStatus(o, captured)
			s.stripe.SetFaults(faults)
			s.publish(o.cancelled())
			testkit.Eventually(t, "the refund was tried", func() bool {
				list, err := s.payments.ListRefunds(t.Context(), &paymentv1.ListRefundsRequest{PaymentId: o.payment.String()})
				return err == nil && len(list.GetRefunds()) == 1 && len(list.GetRefunds()[0].GetAttempts()) > 1
			})
			s.stripe.SetFaults(stripefake.Faults{})
			s.waitStatus(o, refunded)
			var charges int
			var taken, given int64
			for _, in := range s.stripe.Of(o.payment.String()) {
				charges += in.Charges
				taken += in.Received
				given += in.Refunded
			}
			if charges != 1 || taken != 1234 || given != 1234 {
				t.Errorf("%d charges, %d taken, %d given back", charges, taken, given)
			}
		})
	}
}

// An answer that names another host is not followed: neither the key nor
// the order goes there.
func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	visited := make(chan string, 64)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { visited <- r.URL.Path }))
	t.Cleanup(elsewhere.Close)
	s := newCardHarnessAt(t, quick, stripefake.Config{}, func(http.Handler) http.Handler {
		return http.RedirectHandler(elsewhere.URL+"/v1/payment_intents", http.StatusPermanentRedirect)
	})
	o := s.pay("pm_card_visa")
	testkit.Eventually(t, "it was tried thrice", func() bool {
		res, err := s.payments.GetPayment(t.Context(), &paymentv1.GetPaymentRequest{Id: o.payment.String()})
		return err == nil && len(res.GetPayment().GetAttempts()) >= 3
	})
	if got := s.get(o); got.GetStatus() != pending || len(visited) != 0 {
		t.Errorf("it stands at %v; %d requests went elsewhere", got, len(visited))
	}
}

// A key that the settings name is not there, or is none: nothing is declined, and who is
// paid already gets nothing back before it is there. The condition is kit/settings' to show.
func TestPaymentsByCardWaitForAKeyThatIsMissing(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	s.stop()
	s.keepSettings(withStripe(t, quick))
	for _, all := range []secrets{{"WEBHOOK": webhookSecret}, {"KEY": "pk_test_canary", "WEBHOOK": webhookSecret}} {
		s.config.Context.Secrets = all.find
		s.serve()
		o := newOrder("pm_card_visa")
		s.publish(o.awaits())
		testkit.Eventually(t, "it was tried thrice", func() bool {
			res, err := s.payments.GetPayment(t.Context(), &paymentv1.GetPaymentRequest{Id: o.payment.String()})
			return err == nil && len(res.GetPayment().GetAttempts()) >= 3
		})
		if p := s.get(o); p.GetStatus() != pending {
			t.Errorf("it stands at %v", p)
		}
		if shown := s.condition(); !strings.Contains(shown, "KEY") || strings.Contains(shown, "canary") {
			t.Errorf("the status shows %q", shown)
		}
		s.stop()
	}
}

// Without a key nothing is requested, and the order is answered at once.
func TestWithoutAKeyPaymentsByCardAreDeclined(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	o := newOrder("pm_card_visa")
	s.publish(o.awaits())
	if p := s.waitStatus(o, failed); p.GetFailureCode() != "stripe_not_configured" || p.GetProvider() != "stripe" {
		t.Errorf("it stands at %v", p)
	}
	res, err := http.Post(s.API+"/webhooks/stripe", "application/json", strings.NewReader("{}")) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("the webhook answers %d", res.StatusCode)
	}
	if found := s.audit(t).findings["PROVIDER_NOT_COMPARED"]; found != "stripe" {
		t.Error("the audit does not find that Stripe was not compared")
	}
}
