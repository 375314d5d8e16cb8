package payment_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

// reconciling are quick settings with which Stripe's list of events is read all the time.
const reconciling = `{"payment": {"providerTimeout": "5s", "retryAfter": "0.02s", "sandboxSlowDelay": "0.3s", "reconcileInterval": "0.05s"}}`

// lost are webhooks that never arrive.
func (s cardHarness) lost() { s.stripe.SetEndpoint("") }

// dispute opens a dispute of all of an order's money at its customer's bank.
func (s cardHarness) dispute(o order) (id string) {
	s.t.Helper()
	id, err := s.stripe.Dispute(s.only(o).Intent, 1234, "fraudulent")
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// waitRead waits until the list of events was read to its end from now on.
func (s cardHarness) waitRead() {
	s.t.Helper()
	now := time.Now()
	testkit.Eventually(s.t, "the list of events was read", func() bool {
		var read bool
		err := s.pool.QueryRow(context.WithoutCancel(s.t.Context()),
			`select coalesce(event_time >= $1 and read_time >= $1, false) from provider_cursors where provider = 'stripe'`, now).Scan(&read)
		return err == nil && read
	})
}

// rewind sets the cursor to a time, as a process leaves it that dies before it saves.
func (s cardHarness) rewind(to time.Time) {
	s.t.Helper()
	if _, err := s.pool.Exec(s.t.Context(), `update provider_cursors set event_time = $1, due_time = now(), read_time = null`, to); err != nil {
		s.t.Fatal(err)
	}
}

// Webhooks are lost: a refund at the dashboard and a dispute reach the books all the
// same, and so does what becomes of the dispute.
func TestWhatOthersDoAtStripeReachesTheBooksWithoutWebhooks(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, reconciling, stripefake.Config{})
	s.lost()
	given, disputed := s.pay("pm_card_visa"), s.pay("pm_card_visa")
	s.waitStatus(given, captured)
	s.waitStatus(disputed, captured)
	s.refundElsewhere(given, 500)
	id := s.dispute(disputed)
	s.waitStatus(given, partiallyRefunded)
	if all := s.refunds(given); len(all) != 1 || all[0].GetOrigin() != byProvider || all[0].GetAmount().GetUnits() != 5 {
		t.Errorf("the books hold the refunds %v", all)
	}
	s.waitEvents(disputed, 2)
	if err := s.stripe.SetDispute(id, "lost"); err != nil {
		t.Fatal(err)
	}
	s.waitEvents(disputed, 3)
	if shown := s.get(disputed).GetDisputes(); len(shown) != 1 || shown[0].GetStatus() != paymentv1.DisputeStatus_DISPUTE_STATUS_LOST {
		t.Errorf("the payment shows %v", shown)
	}
	if a := s.audit(t); len(a.findings) != 0 || len(s.contradictions()) != 0 {
		t.Errorf("the audit finds %v; contradictions %v", a.findings, s.contradictions())
	}
}

// An event that comes by a webhook, twice, and in the list has one effect.
func TestAWebhookAndTheListOfEventsCountOnce(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, reconciling, stripefake.Config{Webhooks: stripefake.Webhooks{Twice: 1}})
	given, disputed := s.pay("pm_card_visa"), s.pay("pm_card_visa")
	s.waitStatus(given, captured)
	s.waitStatus(disputed, captured)
	s.refundElsewhere(given, 500)
	s.dispute(disputed)
	s.waitStatus(given, partiallyRefunded)
	s.waitEvents(disputed, 2)
	testkit.Eventually(t, "all webhooks were taken", func() bool { return s.stripe.Unsent() == 0 })
	s.waitRead()
	s.countedOnce(given, disputed)
}

// countedOnce checks one refund of 5 EUR and one dispute, each published once.
func (s cardHarness) countedOnce(given, disputed order) {
	s.t.Helper()
	s.publish(given.awaits(), disputed.awaits()) // what is published after this is published after all else
	if all := news(s.waitCapturedAgain(given)); len(all) != 2 {
		s.t.Errorf("the events of the refunded order are %v, want captured and refunded", all)
	}
	if all := news(s.waitCapturedAgain(disputed)); len(all) != 2 {
		s.t.Errorf("the events of the disputed order are %v, want captured and disputed", all)
	}
	if got := s.get(given); len(s.refunds(given)) != 1 || got.GetRefunded().GetUnits() != 5 {
		s.t.Errorf("the books hold %v and the refunds %v", got, s.refunds(given))
	}
	if got := s.get(disputed).GetDisputes(); len(got) != 1 {
		s.t.Errorf("the books hold the disputes %v", got)
	}
}

// waitCapturedAgain returns an order's events up to the first one, captured, when that came
// once more. A start republishes others.
func (s cardHarness) waitCapturedAgain(o order) []event {
	s.t.Helper()
	for n := 3; ; n++ {
		all := s.waitEvents(o, n)
		if slices.ContainsFunc(all[1:], func(e event) bool { return e.id == all[0].id }) {
			return all
		}
	}
}

// A process dies after it applied events and before it kept how far it read: the next
// one reads them again, and nothing happens twice. What somebody resolved stays resolved.
func TestACrashBeforeTheCursorIsSavedDoesNothingTwice(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, reconciling, stripefake.Config{})
	s.lost()
	given, disputed, tampered := s.pay("pm_card_visa"), s.pay("pm_card_visa"), s.pay("pm_card_visa")
	for _, o := range []order{given, disputed, tampered} {
		s.waitStatus(o, captured)
	}
	before := time.Now()
	s.refundElsewhere(given, 500)
	s.dispute(disputed)
	s.stripe.Tamper(s.only(tampered).Intent, func(p *stripefake.Payment) { p.Received, p.Amount = 9999, 9999 })
	s.refundElsewhere(tampered, 9999) // more than the books know of
	s.waitStatus(given, partiallyRefunded)
	s.waitEvents(disputed, 2)
	s.waitRead()
	found := s.contradictions()
	if len(found) != 1 {
		t.Fatalf("contradictions %v", found)
	}
	if _, err := s.payments.ResolveContradiction(t.Context(), &paymentv1.ResolveContradictionRequest{Id: found[0].GetId(), Note: "a test"}); err != nil {
		t.Fatal(err)
	}
	s.stop()
	s.rewind(before)
	s.serve()
	s.waitRead()
	s.countedOnce(given, disputed)
	if again := s.contradictions(); len(again) != 0 {
		t.Errorf("what was resolved is open again: %v", again)
	}
}

// The shop was away for longer than Stripe lists events: what is left is applied, and
// somebody has to compare the days between.
func TestEventsThatStripeListsNoMoreAreAContradiction(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, reconciling, stripefake.Config{})
	s.lost()
	o := s.pay("pm_card_visa")
	s.waitStatus(o, captured)
	s.stop()
	s.refundElsewhere(o, 500)
	s.rewind(time.Now().Add(-40 * 24 * time.Hour))
	s.serve()
	s.waitStatus(o, partiallyRefunded)
	s.waitRead()
	found := s.contradictions()
	if len(found) != 1 || found[0].GetEventType() != "events.gap" || !strings.Contains(found[0].GetCause(), "reaches back no further") {
		t.Fatalf("contradictions %v", found)
	}
	if !strings.Contains(s.condition(), "ListContradictions") {
		t.Errorf("the status shows %q", s.condition())
	}
}

// While Stripe refuses, the status shows until when the books follow. The condition ends
// with its cause.
func TestBooksThatAreBehindAreACondition(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, reconciling, stripefake.Config{})
	s.waitRead()
	s.stripe.SetFaults(stripefake.Faults{TooMany: 1})
	testkit.Eventually(t, "the books are behind", func() bool {
		c := s.condition()
		return strings.Contains(c, "what others did at stripe is known until") && strings.Contains(c, "429")
	})
	s.stripe.SetFaults(stripefake.Faults{})
	testkit.Eventually(t, "the books follow again", func() bool { return s.condition() == "" })
}
