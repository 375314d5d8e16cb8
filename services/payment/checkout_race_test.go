package payment_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

// gate stands before the fake Stripe and holds the first request of a kind until the test
// opens it: before Stripe has it, or its answer.
type gate struct {
	method, path string // path is a part of its path
	answer       bool   // hold the answer
	reached      chan struct{}
	open         func()

	once   sync.Once
	opened chan struct{}
}

func newGate(method, path string) *gate {
	g := &gate{method: method, path: path, reached: make(chan struct{}), opened: make(chan struct{})}
	g.open = sync.OnceFunc(func() { close(g.opened) })
	return g
}

func (g *gate) before(stripe http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first := false
		if r.Method == g.method && strings.Contains(r.URL.Path, g.path) {
			g.once.Do(func() { first = true })
		}
		if !first {
			stripe.ServeHTTP(w, r)
			return
		}
		held := httptest.NewRecorder()
		if g.answer {
			stripe.ServeHTTP(held, r)
		}
		close(g.reached)
		<-g.opened
		if !g.answer {
			stripe.ServeHTTP(w, r)
			return
		}
		for name, values := range held.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(held.Code)
		_, _ = w.Write(held.Body.Bytes())
	})
}

// newGatedHarness is a cardHarness with a gate, which opens at the latest when the test ends.
func newGatedHarness(t *testing.T, settings string, g *gate) cardHarness {
	t.Helper()
	s := newCardHarnessAt(t, settings, stripefake.Config{}, g.before)
	t.Cleanup(g.open)
	return s
}

// wait waits until the request is held.
func (g *gate) wait(t *testing.T) {
	t.Helper()
	select {
	case <-g.reached:
	case <-time.After(testkit.Patience):
		t.Fatalf("there is no request %s %s", g.method, g.path)
	}
}

// hears reports that the shop knows that an order ended.
func (s cardHarness) hears(o order) {
	s.t.Helper()
	testkit.Eventually(s.t, "payment knows that the order ended", func() bool {
		var ended bool
		err := s.pool.QueryRow(s.t.Context(), `select order_cancelled from payments where id = $1`, o.payment).Scan(&ended)
		return err == nil && ended
	})
}

// A customer has the page in two tabs, the order's page shows it to each again, and both pay:
// there is one page, and it takes the money once.
func TestTwoTabsPayOnce(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, withReturn, stripefake.Config{})
	o := s.pay(checkout)
	page := s.page(o)
	s.callAs(testkit.ServiceCaller("order"))
	var tabs sync.WaitGroup
	var paid atomic.Int32
	for range 8 {
		tabs.Go(func() {
			res, err := s.payments.GetNextAction(t.Context(), &paymentv1.GetNextActionRequest{PaymentId: o.payment.String()})
			if got := res.GetNextAction().GetRedirectUrl(); err != nil || got != page {
				t.Errorf("a tab is sent to %q, %v, want %q", got, err, page)
			}
		})
	}
	tabs.Wait()
	for range 2 {
		tabs.Go(func() {
			if s.stripe.Visit(page, "pm_card_visa") == nil {
				paid.Add(1)
			}
		})
	}
	tabs.Wait()
	s.callAs(testkit.Owner())
	s.waitStatus(o, captured)
	if intent := s.only(o); paid.Load() != 1 || intent.Charges != 1 || intent.Received != 1234 || s.session(o).Status != "complete" {
		t.Errorf("%d tabs paid, the ledger has %+v", paid.Load(), intent)
	}
}

// Stripe makes a page and its answer is lost, late, or a failure, or it makes none: the shop
// repeats the request under its key, shows one page, and the money is taken once.
func TestLostAnswersOpenOnePage(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		faults stripefake.Faults
		kept   bool // Stripe keeps a failure under the key, so that another page is made
	}{
		"lost": {stripefake.Faults{Lost: 1}, false}, "out of time": {stripefake.Faults{Slow: 1, SlowFor: 1500 * time.Millisecond}, false},
		"failed after acting": {stripefake.Faults{Failed: 1}, true}, "not reached": {stripefake.Faults{Unreached: 1}, false},
		"too many": {stripefake.Faults{TooMany: 1}, false}, "unavailable": {stripefake.Faults{Unavailable: 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const settings = `{"payment": {"providerTimeout": "1s", "retryAfter": "0.02s", "returnUrl": "https://shop.example/paid"}}`
			s := newCardHarness(t, settings, stripefake.Config{Faults: row.faults})
			s.lost() // no help from webhooks
			o := s.pay(checkout)
			testkit.Eventually(t, "it was tried", func() bool {
				return s.stripe.Requests("POST /v1/checkout/sessions") > 2
			})
			s.stripe.SetFaults(stripefake.Faults{})
			page := s.page(o)
			all := s.stripe.Checkouts(o.payment.String())
			if len(all) > 1 != row.kept {
				t.Errorf("%d pages were made: %+v", len(all), all)
			}
			if row.kept && all[len(all)-1].URL != page {
				t.Errorf("the page is %s of %+v", page, all)
			}
			s.visit(page, "pm_card_visa")
			s.waitStatus(o, captured)
			if intent := s.only(o); intent.Charges != 1 || intent.Received != 1234 {
				t.Errorf("the ledger has %+v", intent)
			}
		})
	}
}

// What Stripe refuses makes no page, and the order learns why.
func TestAPageThatStripeRefusesFailsThePayment(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, withReturn, stripefake.Config{})
	o := newOrder(checkout)
	o.total.Amount = 49
	s.publish(o.awaits())
	if p := s.waitStatus(o, failed); p.GetFailureCode() != "amount_too_small" || len(s.stripe.Checkouts(o.payment.String())) != 0 {
		t.Errorf("the payment is %v", p)
	}
}

// The webhook comes while the shop is answered that the page is still open: the older answer
// does not hide what the customer did since.
func TestTheWebhookOvertakesAnAnswer(t *testing.T) {
	t.Parallel()
	g := newGate(http.MethodGet, "/checkout/sessions/")
	g.answer = true
	s := newGatedHarness(t, withReturn, g) // which would look again in an hour
	o := s.pay(checkout)
	g.wait(t)
	s.visit(s.session(o).URL, "pm_card_visa")
	testkit.Eventually(t, "all events were taken", func() bool { return s.stripe.Unsent() == 0 })
	g.open()
	s.waitStatus(o, captured)
	if intent := s.only(o); intent.Charges != 1 {
		t.Errorf("the ledger has %+v", intent)
	}
}

// No webhook comes: the shop asks. It comes at last, twice: nothing changes.
func TestAPageIsSettledWithoutItsWebhook(t *testing.T) {
	t.Parallel()
	const settings = `{"payment": {"providerTimeout": "5s", "retryAfter": "0.02s", "returnUrl": "https://shop.example/paid"}}`
	s := newCardHarness(t, settings, stripefake.Config{Webhooks: stripefake.Webhooks{Twice: 1}})
	s.lost()
	o, over := s.pay(checkout), s.pay(checkout)
	s.visit(s.page(o), "pm_card_visa")
	s.waitStatus(o, captured)
	s.page(over)
	s.stripe.ExpireCheckouts()
	s.waitStatus(over, failed)
	before := s.get(o)
	if s.stripe.Unsent() == 0 {
		t.Fatal("an event was taken")
	}
	s.connect()
	testkit.Eventually(t, "all events were taken", func() bool { return s.stripe.Unsent() == 0 })
	s.publish(o.awaits()) // what comes after is published after
	all := s.waitEvents(o, 3)
	_, asked := all[0].message.(*paymentv1.PaymentActionRequired)
	_, paid := all[1].message.(*paymentv1.PaymentCaptured)
	if after := s.get(o); after.GetEtag() != before.GetEtag() || !asked || !paid || all[2].id != all[1].id || s.only(o).Charges != 1 {
		t.Errorf("%v, then %v; published %v", before, after, all)
	}
	if open := s.contradictions(); len(open) != 0 {
		t.Errorf("contradictions: %v", open)
	}
}

// The order is cancelled while Stripe makes its page: the page is ended before anybody sees it.
func TestAnOrderCancelledWhileItsPageIsMade(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]bool{"before Stripe knows of it": false, "while the answer is on its way": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGate(http.MethodPost, "/checkout/sessions")
			g.answer = answer
			s := newGatedHarness(t, withReturn, g)
			o := s.pay(checkout)
			g.wait(t)
			s.publish(o.cancelled())
			s.hears(o)
			g.open()
			if p := s.waitStatus(o, cancelled); p.GetFailureCode() != "order_cancelled" || p.GetNextAction() != nil {
				t.Errorf("the payment is %v", p)
			}
			if session := s.session(o); session.Status != "expired" || len(s.stripe.Of(o.payment.String())) != 0 {
				t.Errorf("the page is %+v", session)
			}
		})
	}
}

// The order ends unpaid, and its customer pays in the moment before the page is ended: the
// money was taken, and is given back.
func TestWhoPaysWhileThePageIsBeingEndedGetsTheMoneyBack(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer bool
		status paymentv1.PaymentStatus
	}{"before": {false, refunded}, "too late": {true, cancelled}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGate(http.MethodPost, "/expire")
			g.answer = row.answer
			s := newGatedHarness(t, withReturn, g)
			o := s.pay(checkout)
			page := s.page(o)
			s.publish(o.cancelled())
			g.wait(t)
			if err := s.stripe.Visit(page, "pm_card_visa"); (err == nil) == row.answer {
				t.Errorf("the customer pays: %v", err)
			}
			g.open()
			s.waitStatus(o, row.status)
			for _, intent := range s.stripe.Of(o.payment.String()) {
				if intent.Charges > 1 || intent.Refunded != intent.Received {
					t.Errorf("the ledger has %+v", intent)
				}
			}
			testkit.Eventually(t, "all events were taken", func() bool { return s.stripe.Unsent() == 0 })
			if open := s.contradictions(); len(open) != 0 {
				t.Errorf("contradictions: %v", open)
			}
		})
	}
}

// A debit can't be stopped any more: when the bank takes the money of an order that ended, it
// is given back.
func TestADebitOfACancelledOrderIsGivenBack(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, withReturn, stripefake.Config{})
	o := s.pay(checkout)
	s.visit(s.page(o), "pm_usBankAccount_success")
	s.waitPending(o, waitsForBank)
	s.publish(o.cancelled())
	testkit.Eventually(t, "to stop it was tried", func() bool { return s.stripe.Requests("POST /v1/checkout/sessions/{id}/expire") > 0 })
	if got := s.get(o).GetStatus(); got != pending {
		t.Errorf("the payment is %s", got)
	}
	s.stripe.Advance()
	s.waitStatus(o, refunded)
	if intent := s.only(o); intent.Charges != 1 || intent.Refunded != 1234 {
		t.Errorf("the ledger has %+v", intent)
	}
}
