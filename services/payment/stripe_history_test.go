package payment_test

import (
	"math/rand/v2"
	"testing"
	"time"

	pb "google.golang.org/genproto/googleapis/type/money"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

func cents(m *pb.Money) int64 { return m.GetUnits()*100 + int64(m.GetNanos())/10_000_000 }

// In every history of lost answers, failures, late, early and repeated events, refunds
// at Stripe's dashboard, and restarts: each payment is charged at most once, what is captured less what is given
// back is what Stripe holds, and an order that was cancelled keeps nothing.
func TestTheLedgersAgreeAfterAnyHistory(t *testing.T) {
	t.Parallel()
	seed := testkit.Seed(t, "./services/payment")
	random := rand.New(rand.NewPCG(seed, 1))
	s := newCardHarness(t, `{"payment": {"providerTimeout": "1s", "retryAfter": "0.02s", "returnUrl": "https://shop.example/paid"}}`, stripefake.Config{
		Seed: seed, AsyncAfter: 100 * time.Millisecond, VisitAfter: 100 * time.Millisecond,
		Faults: stripefake.Faults{
			Unreached: 0.05, Redirect: 0.02, TooMany: 0.05, Unavailable: 0.05, Slow: 0.05, SlowFor: 1200 * time.Millisecond, Lost: 0.1, Failed: 0.05,
		},
		Webhooks: stripefake.Webhooks{Early: 0.2, LateFor: 200 * time.Millisecond, Twice: 0.2},
	})
	methods := []string{
		"pm_card_visa", "pm_card_visa", "pm_card_visa_chargeDeclined", "pm_card_threeDSecure2Required", "pm_usBankAccount_success",
		"pm_usBankAccount_accountClosed", "pm_card_pendingRefund", checkout, checkout,
	}
	orders := make([]order, 60)
	ended := map[order]bool{}
	for i := range orders {
		orders[i] = s.pay(methods[random.IntN(len(methods))])
		if random.IntN(3) == 0 {
			o := orders[random.IntN(i+1)]
			ended[o] = true
			s.publish(o.cancelled())
		}
		if random.IntN(4) == 0 {
			for _, in := range s.stripe.Of(orders[random.IntN(i+1)].payment.String()) {
				// Refused when nothing was taken, or when less is left.
				_ = s.stripe.RefundElsewhere(in.Intent, 1+random.Int64N(1234))
			}
		}
		if i == len(orders)/2 {
			s.stop() // with whatever is under way
			s.serve()
			s.connect()
		}
	}
	s.stripe.SetFaults(stripefake.Faults{})
	decided := func(o order) bool {
		for _, in := range s.stripe.Of(o.payment.String()) {
			if in.Status == "requires_action" {
				_ = s.stripe.Authenticate(in.Intent, random.IntN(2) == 0)
			}
		}
		res, err := s.payments.GetPayment(t.Context(), &paymentv1.GetPaymentRequest{Id: o.payment.String()})
		if err != nil {
			return false
		}
		if page := res.GetPayment().GetNextAction().GetRedirectUrl(); page != "" {
			_ = s.stripe.Visit(page, "pm_card_visa") // who did not come yet comes now
		}
		switch res.GetPayment().GetStatus() {
		case failed, cancelled, refunded:
			return true
		case captured, partiallyRefunded:
			var given int64
			for _, in := range s.stripe.Of(o.payment.String()) {
				given += in.Refunded
			}
			return !ended[o] && given == cents(res.GetPayment().GetRefunded())
		}
		return false
	}
	testkit.Eventually(t, "everything is decided", func() bool {
		for _, o := range orders {
			if !decided(o) {
				return false
			}
		}
		return s.stripe.Unsent() == 0
	})
	for _, o := range orders {
		p := s.get(o)
		var charges int
		var taken, given int64
		for _, in := range s.stripe.Of(o.payment.String()) {
			charges, taken, given = charges+in.Charges, taken+in.Received, given+in.Refunded
			if in.Status != "succeeded" && in.Status != "canceled" && in.Intent == p.GetProviderChargeId() {
				t.Errorf("payment %s is %s, its PaymentIntent %s", o.payment, p.GetStatus(), in.Status)
			}
		}
		paid, back := cents(p.GetCaptured()), cents(p.GetRefunded())
		if charges > 1 || taken != paid || given != back || (ended[o] && paid != back) {
			t.Errorf("seed %d: payment %s by %s is %s with %d - %d; Stripe took %d in %d charges and gave back %d",
				seed, o.payment, o.method, p.GetStatus(), paid, back, taken, charges, given)
		}
	}
	a := s.audit(t)
	if len(a.findings) != 0 || len(s.contradictions()) != 0 {
		t.Errorf("seed %d: findings %v, kept as contradictions %v", seed, a.findings, s.contradictions())
	}
}
