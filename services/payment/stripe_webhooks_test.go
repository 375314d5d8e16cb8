package payment_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

// A webhook may come before our own reply, twice, late and in the wrong order: the
// final state is the same.
func TestWebhooksInAnyOrderLeadToTheSameState(t *testing.T) {
	t.Parallel()
	for name, hooks := range map[string]stripefake.Webhooks{
		"early": {Early: 1, Twice: 1}, "late and in any order": {LateFor: 300 * time.Millisecond, Twice: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newCardHarness(t, quick, stripefake.Config{Webhooks: hooks, Seed: 7})
			paid, declined, given := s.pay("pm_card_visa"), s.pay("pm_card_visa_chargeDeclined"), s.pay("pm_card_visa")
			s.waitStatus(given, captured)
			s.publish(given.cancelled())
			s.waitStatus(paid, captured)
			s.waitStatus(declined, failed)
			s.waitStatus(given, refunded)
			testkit.Eventually(t, "all events were taken", func() bool { return s.stripe.Unsent() == 0 })
			s.waitEvents(given, 2)
			for o, want := range map[order]paymentv1.PaymentStatus{paid: captured, declined: failed, given: refunded} {
				if got := s.get(o).GetStatus(); got != want {
					t.Errorf("%s became %s", want, got)
				}
			}
			if n := len(s.contradictions()); n != 0 {
				t.Errorf("%d were kept as contradictions: %v", n, s.contradictions())
			}
		})
	}
}

// The same event ten times is taken ten times and has one effect; events in
// reverse have none.
func TestARepeatedEventHasOneEffect(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{})
	o := s.pay("pm_card_visa")
	s.waitStatus(o, captured)
	before := s.get(o)
	s.waitEvents(o, 1)
	events := s.eventsOf(o.payment.String())
	for i := len(events) - 1; i >= 0; i-- {
		for range 10 {
			if status := s.post(events[i], sign(events[i])); status != http.StatusOK {
				t.Fatalf("answered %d", status)
			}
		}
	}
	s.publish(o.awaits()) // what comes after is published after
	s.waitEvents(o, 2)
	if after := s.get(o); after.GetEtag() != before.GetEtag() || len(s.contradictions()) != 0 || s.only(o).Charges != 1 {
		t.Errorf("%v, then %v; kept as contradictions %v", before, after, s.contradictions())
	}
}

// Whoever does not sign learns nothing, not even what is wrong.
func TestAWebhookThatIsNotSignedIsRefusedWithoutAReason(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{})
	o := s.pay("pm_card_visa")
	s.waitStatus(o, captured)
	events := s.eventsOf("payment_intent.succeeded")
	body := events[len(events)-1]
	encoded := bytes.Replace(body, []byte(`{"`), []byte(`{ "`), 1)
	for name, row := range map[string]struct {
		body      []byte
		signature string
	}{
		"unsigned":        {body, ""},
		"no signature":    {body, "t=1,v0=00"},
		"another key":     {body, stripefake.Sign(body, time.Now(), "whsec_other")},
		"encoded again":   {encoded, sign(body)},
		"six minutes old": {body, stripefake.Sign(body, time.Now().Add(-6*time.Minute), webhookSecret)},
		"six minutes on":  {body, stripefake.Sign(body, time.Now().Add(6*time.Minute), webhookSecret)},
		"too large":       {bytes.Repeat([]byte("x"), 300<<10), sign(bytes.Repeat([]byte("x"), 300<<10))},
	} {
		if status := s.post(row.body, row.signature); status != http.StatusUnauthorized {
			t.Errorf("%s: answered %d", name, status)
		}
	}
	for name, row := range map[string]struct {
		at      time.Time
		secrets []string
	}{
		"four minutes old":     {time.Now().Add(-4 * time.Minute), []string{webhookSecret}},
		"while secrets change": {time.Now(), []string{"whsec_new", webhookSecret}},
	} {
		if status := s.post(body, stripefake.Sign(body, row.at, row.secrets...)); status != http.StatusOK {
			t.Errorf("%s: answered %d", name, status)
		}
	}
}

// A genuine event about something else than the payment changes nothing. It is listed
// until somebody resolves it, and an operator sees that there are such.
func TestAGenuineEventThatContradictsThePaymentIsAContradiction(t *testing.T) {
	t.Parallel()
	s := newCardHarnessAt(t, calm, stripefake.Config{}, withoutEvents)
	// From the start: an event on its way, that it waits for its customer, would make
	// the worker see what the customer did since.
	s.lost()
	o := s.pay("pm_card_threeDSecure2Required")
	other := newOrder("")
	s.waitPending(o, waitsForAction)
	if err := s.stripe.Authenticate(s.only(o).Intent, true); err != nil {
		t.Fatal(err)
	}
	events := s.eventsOf("payment_intent.succeeded")
	genuine := string(events[len(events)-1])
	rows := map[string]string{
		"amount":   strings.Replace(genuine, `"amount":1234`, `"amount":1`, 1),
		"currency": strings.Replace(genuine, `"currency":"eur"`, `"currency":"usd"`, 1),
		"order":    strings.ReplaceAll(genuine, o.id.String(), other.id.String()),
		"payment":  strings.ReplaceAll(genuine, o.payment.String(), other.payment.String()),
		"intent":   strings.ReplaceAll(genuine, s.only(o).Intent, "pi_other"),
		"account":  strings.Replace(genuine, `{"`, `{"account":"acct_other","`, 1),
		"mode":     strings.ReplaceAll(genuine, `"livemode":false`, `"livemode":true`),
	}
	for name, text := range rows {
		if text == genuine {
			t.Fatalf("%s: nothing was changed in %s", name, text)
		}
		// Each is an event of its own.
		body := []byte(strings.Replace(text, `"id":"evt_`, `"id":"evt_`+name, 1))
		for range 2 {
			if status := s.post(body, sign(body)); status != http.StatusOK {
				t.Errorf("%s: answered %d", name, status)
			}
		}
	}
	found := s.contradictions()
	if len(found) != len(rows) {
		t.Errorf("%d of %d are kept: %v", len(found), len(rows), found)
	}
	for _, c := range found {
		if c.GetCause() == "" || c.GetEventType() != "payment_intent.succeeded" || c.GetPaymentId() == "" {
			t.Errorf("kept: %v", c)
		}
	}
	if !strings.Contains(s.condition(), fmt.Sprintf("contradicts the books, %d times", len(rows))) {
		t.Errorf("the status shows %q", s.condition())
	}
	if n := s.audit(t).findings["CONTRADICTION"]; n == "" {
		t.Error("the audit finds no contradiction")
	}
	if got := s.get(o).GetStatus(); got != pending {
		t.Errorf("the payment is %s", got)
	}
	// The true event confirms it.
	if status := s.post([]byte(genuine), sign([]byte(genuine))); status != http.StatusOK {
		t.Errorf("answered %d", status)
	}
	s.waitStatus(o, captured)
	for _, c := range found {
		res, err := s.payments.ResolveContradiction(t.Context(), &paymentv1.ResolveContradictionRequest{Id: c.GetId(), Note: "Stripe's support: a test"})
		if err != nil || res.GetContradiction().GetResolver() != testkit.Owner().Key() || res.GetContradiction().GetResolveTime() == nil {
			t.Fatalf("resolved %v, %v", res, err)
		}
	}
	again, err := s.payments.ResolveContradiction(t.Context(), &paymentv1.ResolveContradictionRequest{Id: found[0].GetId(), Note: "another note"})
	if err != nil || again.GetContradiction().GetNote() != "Stripe's support: a test" {
		t.Errorf("resolved twice: %v, %v", again, err)
	}
	if n := len(s.contradictions()); n != 0 || s.condition() != "" {
		t.Errorf("%d stay; the status shows %q", n, s.condition())
	}
	_, err = s.payments.ResolveContradiction(t.Context(), &paymentv1.ResolveContradictionRequest{Id: o.id.String()})
	testkit.Refused(t, err, connect.CodeNotFound, "CONTRADICTION_NOT_FOUND")

	// Each is in the activity log once: to resolve it again changed nothing. The refund comes after.
	if _, err := s.payments.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{RequestId: uuid.NewString(), PaymentId: o.payment.String(), Amount: eur(1)}); err != nil {
		t.Fatal(err)
	}
	resolved := map[string]int{}
	for _, entry := range testkit.Recorded(t, testkit.NewEvents(t, s.config.Context.Kafka, kitapp.ActivityTopic("payment").Name), len(found)+2) {
		if id, about := strings.CutPrefix(entry.GetResource(), "contradictions/"); about {
			resolved[id]++
		}
	}
	for _, c := range found {
		if resolved[c.GetId()] != 1 {
			t.Errorf("contradiction %s is in the activity log %d times", c.GetId(), resolved[c.GetId()])
		}
	}
}

// A webhook alone is not believed, and neither is a PaymentIntent that is not the payment's.
func TestAPaymentIntentThatWasChangedIsNotTakenForThePayment(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{})
	o := s.pay("pm_card_threeDSecure2Required")
	s.waitPending(o, waitsForAction)
	intent := s.only(o).Intent
	s.stripe.Tamper(intent, func(p *stripefake.Payment) { p.Amount, p.Received, p.Status = 1, 1, "succeeded" })
	testkit.Eventually(t, "it is a contradiction", func() bool { return len(s.contradictions()) == 1 })
	if got := s.get(o).GetStatus(); got != pending {
		t.Errorf("the payment is %s", got)
	}
	// Somebody resolves it. The payment is polled all the same, and it stays resolved.
	if _, err := s.payments.ResolveContradiction(t.Context(), &paymentv1.ResolveContradictionRequest{Id: s.contradictions()[0].GetId(), Note: "a test"}); err != nil {
		t.Fatal(err)
	}
	polled := len(s.get(o).GetAttempts())
	testkit.Eventually(t, "it was polled again", func() bool { return len(s.get(o).GetAttempts()) >= polled+2 })
	if again := s.contradictions(); len(again) != 0 {
		t.Errorf("what was resolved is open again: %v", again)
	}
	s.stripe.Tamper(intent, func(p *stripefake.Payment) { p.Amount, p.Received = 2, 2 })
	testkit.Eventually(t, "another mismatch is another contradiction", func() bool { return len(s.contradictions()) == 1 })
	s.stripe.Tamper(intent, func(p *stripefake.Payment) { p.Amount, p.Received = 1234, 1234 })
	s.waitStatus(o, captured)
}

// An event about a payment that another shop made, or about something else, is nothing
// of ours.
func TestAnEventAboutSomethingElseIsIgnored(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{})
	foreign := []byte(`{"id":"evt_x","type":"payment_intent.succeeded","data":{"object":{"object":"payment_intent","id":"pi_x","amount":5,"currency":"eur","metadata":{}}}}`)
	odd := []byte(`{"id":"evt_y","type":"customer.created","data":{"object":{"object":"customer","metadata":{}}}}`)
	for _, body := range [][]byte{foreign, odd} {
		if status := s.post(body, sign(body)); status != http.StatusOK {
			t.Errorf("answered %d", status)
		}
	}
	if n := len(s.contradictions()); n != 0 {
		t.Errorf("%d contradictions", n)
	}
}

// A flood of unsigned requests is answered 401 and then 429, and keeps no
// genuine event out. That it reaches no database, the provider's own test shows.
func TestAFloodOfUnsignedWebhooksKeepsNoGenuineEventOut(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{})
	o := s.pay("pm_card_visa")
	s.waitStatus(o, captured)
	events := s.eventsOf("payment_intent.succeeded")
	body := events[len(events)-1]
	counts := map[int]int{}
	for range 300 {
		counts[s.post(body, "t=1,v1=00")]++
	}
	if counts[http.StatusTooManyRequests] == 0 || counts[http.StatusUnauthorized]+counts[http.StatusTooManyRequests] != 300 {
		t.Errorf("answered %v", counts)
	}
	if status := s.post(body, sign(body)); status != http.StatusOK {
		t.Errorf("a genuine event was answered %d", status)
	}
}
