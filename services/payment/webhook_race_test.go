package payment_test

import (
	"net/http"
	"sync"
	"testing"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

// replica is another process of payment on the same database.
func (s cardHarness) replica() cardHarness {
	s.t.Helper()
	other := &harness{t: s.t, pool: s.pool, ledger: s.ledger, events: s.events, caller: s.caller, config: s.config}
	other.config.Context.SoleWriter = false
	other.serve()
	return cardHarness{harness: other, stripe: s.stripe}
}

// Two processes get the same event at once, each several times, and of a
// refund's in the same way: the money is taken once and given back once, order is
// published once of each, and nothing is kept as contradictions.
func TestTheSameEventAtTwoProcessesAtOnceHasOneEffect(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, calm, stripefake.Config{})
	other := s.replica()
	s.lost() // the test delivers
	deliver := func(o order) {
		t.Helper()
		events := s.eventsOf(o.payment.String())
		if len(events) == 0 {
			t.Fatal("there is no event to deliver")
		}
		begin := make(chan struct{})
		var delivering sync.WaitGroup
		for _, body := range events {
			for _, at := range []cardHarness{s, other, s, other, s, other} {
				delivering.Go(func() {
					<-begin
					if status := at.post(body, sign(body)); status != http.StatusOK {
						t.Errorf("answered %d", status)
					}
				})
			}
		}
		close(begin)
		delivering.Wait()
	}
	for range 8 {
		o := s.pay("pm_usBankAccount_success")
		testkit.Eventually(t, "the bank thinks", func() bool {
			all := s.stripe.Of(o.payment.String())
			return len(all) == 1 && all[0].Status == "processing" && s.answered(o)
		})
		s.stripe.Advance()
		deliver(o)
		s.waitStatus(o, captured)
		s.publish(o.cancelled())
		s.stripe.Advance()
		testkit.Eventually(t, "Stripe knows of the refund", func() bool { return s.only(o).Refunded > 0 })
		deliver(o)
		s.waitStatus(o, refunded)

		in := s.only(o)
		if in.Charges != 1 || in.Received != o.total.Amount || in.Refunded != o.total.Amount {
			t.Errorf("at Stripe %+v", in)
		}
		published := s.waitNews(o, 3)
		if len(published) != 3 {
			t.Fatalf("published %v", published)
		}
		_, first := published[0].message.(*paymentv1.PaymentProcessing)
		_, second := published[1].message.(*paymentv1.PaymentCaptured)
		_, third := published[2].message.(*paymentv1.PaymentRefunded)
		if !first || !second || !third {
			t.Errorf("published %v", published)
		}
	}
	if n := len(s.contradictions()); n != 0 {
		t.Errorf("%d were kept as contradictions: %v", n, s.contradictions())
	}
}
