package domain_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

const (
	traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	traceID     = "0af7651916cd43dd8448eb211c80319c"
)

var (
	noon      = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	orderID   = uuid.MustParse("01930000-0000-7000-8000-000000000001")
	paymentID = uuid.MustParse("01930000-0000-7000-8000-000000000002")
)

func eur(amount int64) money.Money { return money.Money{Currency: "EUR", Amount: amount} }

// decision is noon, with ids counted up.
func decision() domain.DecisionContext {
	var count byte
	return domain.DecisionContext{
		Now: noon,
		NewID: func() uuid.UUID {
			count++
			return uuid.UUID{6: 0x70, 8: 0x80, 15: count}
		},
		NewReference: func() string { return domain.Reference([8]byte{0, 1, 2, 30, 31, 32, 33, 255}) },
		Provider:     func(string) string { return "sandbox" }, Lease: 15 * time.Second, RetryAfter: time.Second,
	}
}

func awaiting(total money.Money) domain.InboundEvent {
	return domain.InboundEvent{OrderID: orderID, Trace: traceparent,
		Awaiting: &domain.AwaitingPayment{PaymentID: paymentID, Total: total, Method: "sandbox_ok"}}
}

func cancelled() domain.InboundEvent {
	return domain.InboundEvent{OrderID: orderID, Cancelled: &domain.Cancelled{PaymentID: paymentID, Currency: "EUR", PaymentRequested: true}}
}

// reload is what the next transaction reads of an account.
func reload(a *domain.Account) *domain.Account {
	return domain.Load(a.Payment(), slices.Clone(a.Refunds()))
}

func changesOf(a *domain.Account) domain.Changes {
	var c domain.Changes
	c.Collect(a, noon)
	return c
}

// pending is a stored payment of 10 EUR that waits for the provider.
func pending() *domain.Account {
	a := domain.NewAccount()
	a.Apply(awaiting(eur(1000)), decision())
	return reload(a)
}

func succeeded() domain.Answer {
	return domain.Answer{Outcome: domain.Succeeded, ProviderID: "ch_1", Start: noon, End: noon, Trace: traceparent}
}

func captured() *domain.Account {
	a := pending()
	a.Charged(succeeded(), decision())
	return reload(a)
}

func onlyEvent(t *testing.T, c domain.Changes) domain.Event {
	t.Helper()
	if len(c.Events) != 1 {
		t.Fatalf("published %d events, want one: %+v", len(c.Events), c.Events)
	}
	return c.Events[0]
}

func TestAnAwaitingOrderIsStoredPendingAndChargedAfterwards(t *testing.T) {
	t.Parallel()
	a := domain.NewAccount()
	a.Apply(awaiting(eur(1000)), decision())
	c := changesOf(a)
	if len(c.Insert) != 1 || len(c.Charges) != 1 || len(c.Events) != 0 {
		t.Fatalf("inserts %d, charges %d, events %d; want 1, 1, 0", len(c.Insert), len(c.Charges), len(c.Events))
	}
	p := c.Insert[0]
	if p.Status != domain.PaymentPending || p.ID != paymentID || p.Amount != eur(1000) || !p.Due.Equal(noon.Add(15*time.Second)) {
		t.Errorf("stored %+v", p)
	}
	if p.Reference != "PAY-012YZ01Z" {
		t.Errorf("reference %q", p.Reference)
	}
}

func TestNothingIsChargedForAnOrderOfNothing(t *testing.T) {
	t.Parallel()
	a := domain.NewAccount()
	a.Apply(awaiting(eur(0)), decision())
	c := changesOf(a)
	if e := onlyEvent(t, c); e.Kind != domain.EventCaptured || len(c.Charges) != 0 {
		t.Errorf("published %+v with %d charges, want captured at once", e, len(c.Charges))
	}
}

func TestTheOutcomeIsRecordedOnceAndPublishedAgainTheSame(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer domain.Answer
		status domain.PaymentStatus
		kind   domain.EventKind
		code   string
	}{
		"captured": {succeeded(), domain.PaymentCaptured, domain.EventCaptured, ""},
		"declined": {domain.Answer{Outcome: domain.Declined, Detail: "card_declined"}, domain.PaymentFailed, domain.EventFailed, "card_declined"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := pending()
			a.Charged(row.answer, decision())
			first := onlyEvent(t, changesOf(a))
			if p := a.Payment(); p.Status != row.status || !p.Due.IsZero() || p.Attempts != 1 {
				t.Errorf("stands at %+v", p)
			}
			if first.Kind != row.kind || first.Version != domain.OutcomeVersion || first.Code != row.code {
				t.Errorf("published %+v", first)
			}
			// Another answer changes nothing.
			a = reload(a)
			a.Charged(domain.Answer{Outcome: domain.Declined, Detail: "other"}, decision())
			a.Charged(succeeded(), decision())
			if c := changesOf(a); len(c.Update)+len(c.Events)+len(c.Attempts) != 0 {
				t.Errorf("a late answer changed %+v", c)
			}
			// Requested again, it publishes the same.
			a.Apply(awaiting(eur(1000)), decision())
			again := onlyEvent(t, changesOf(a))
			first.Trace, again.Trace = "", ""
			if again != first {
				t.Errorf("published %+v, then %+v", first, again)
			}
		})
	}
}

// A notice arrives while the provider is called to read how the payment stands: the answer may be
// older than what the notice is about, so the payment stays due at once.
func TestANoticeDuringARequestIsNotForgotten(t *testing.T) {
	t.Parallel()
	a := pending()
	lease := a.Payment().Due
	notice := domain.Notice{OrderID: a.Payment().OrderID, ChargeID: "pi_1", Amount: eur(1000)}
	if v := a.ApplyNotice(notice, decision()); v != (domain.Verdict{}) {
		t.Fatalf("the notice came to %+v", v)
	}
	older := domain.Answer{Outcome: domain.Pending, ProviderID: "pi_1", Detail: "requires_action", Waits: domain.PendingAction, Start: noon, End: noon, Lease: lease}
	for range 2 { // as news, and as a poll without news
		a = reload(a)
		a.Charged(older, decision())
		if due := a.Payment().Due; !due.Equal(noon) {
			t.Errorf("due at %v, want at once, %v", due, noon)
		}
	}
}

func TestAnUnknownOutcomeIsRequestedAgainLaterAndLater(t *testing.T) {
	t.Parallel()
	a := pending()
	for i, seconds := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		want := noon.Add(time.Duration(seconds) * time.Second)
		a = reload(a)
		a.Charged(domain.Answer{Outcome: domain.Unknown, Detail: "no answer in time", TraceID: traceID, Start: noon, End: noon, Lease: a.Payment().Due}, decision())
		c := changesOf(a)
		if p := a.Payment(); p.Status != domain.PaymentPending || !p.Due.Equal(want) {
			t.Fatalf("attempt %d: %s, due at %v, want %v", i+1, p.Status, p.Due, want)
		}
		if got := c.Attempts[0]; got.Number != int32(i+1) || got.Outcome != domain.Unknown || got.TraceID != traceID {
			t.Fatalf("attempt %d is kept as %+v", i+1, got)
		}
		if len(c.Events) != 0 {
			t.Fatalf("published %+v of an unknown outcome", c.Events)
		}
	}
}

func TestACancelledOrderKeepsNoMoney(t *testing.T) {
	t.Parallel()
	t.Run("events first: a tombstone refuses the later charge", func(t *testing.T) {
		t.Parallel()
		a := domain.NewAccount()
		a.Apply(cancelled(), decision())
		c := changesOf(a)
		if e := onlyEvent(t, c); e.Kind != domain.EventFailed || e.Code != domain.CodeOrderCancelled || len(c.Charges) != 0 {
			t.Fatalf("published %+v with %d charges", e, len(c.Charges))
		}
		a = reload(a)
		a.Apply(awaiting(eur(1000)), decision())
		c = changesOf(a)
		if e := onlyEvent(t, c); e.Kind != domain.EventFailed || e.Version != domain.OutcomeVersion || len(c.Charges)+len(c.Update) != 0 {
			t.Errorf("then published %+v with %d charges", e, len(c.Charges))
		}
	})
	t.Run("its money was never requested: a silent tombstone", func(t *testing.T) {
		t.Parallel()
		a := domain.NewAccount()
		e := domain.InboundEvent{OrderID: orderID, Cancelled: &domain.Cancelled{}}
		a.Apply(e, decision())
		c := changesOf(a)
		if len(c.Events) != 0 || len(c.Insert) != 1 || c.Insert[0].Amount.Currency != domain.NoCurrency || c.Insert[0].ID == uuid.Nil {
			t.Errorf("decided %+v", c)
		}
	})
	t.Run("in the batch that made it: not charged", func(t *testing.T) {
		t.Parallel()
		a := domain.NewAccount()
		a.Apply(awaiting(eur(1000)), decision())
		a.Apply(cancelled(), decision())
		c := changesOf(a)
		if e := onlyEvent(t, c); e.Kind != domain.EventFailed || len(c.Charges) != 0 || c.Insert[0].Status != domain.PaymentCancelled {
			t.Errorf("published %+v with %d charges, stored %s", e, len(c.Charges), c.Insert[0].Status)
		}
	})
	t.Run("while the provider is called: given back if it captured", func(t *testing.T) {
		t.Parallel()
		a := pending()
		a.Apply(cancelled(), decision())
		if c := changesOf(a); len(c.Events) != 0 || len(c.Update) != 1 || !c.Update[0].OrderCancelled {
			t.Fatalf("decided %+v", c)
		}
		a = reload(a)
		a.Charged(succeeded(), decision())
		c := changesOf(a)
		if e := onlyEvent(t, c); e.Kind != domain.EventCaptured {
			t.Errorf("published %+v", e)
		}
		if len(c.Refunds) != 1 || c.Refunds[0].Refund.Amount != eur(1000) || c.Refunds[0].ChargeID != "ch_1" {
			t.Errorf("refunds %+v", c.Refunds)
		}
	})
	t.Run("while the provider is called: nothing if it declined", func(t *testing.T) {
		t.Parallel()
		a := pending()
		a.Apply(cancelled(), decision())
		a = reload(a)
		a.Charged(domain.Answer{Outcome: domain.Declined, Detail: "card_declined"}, decision())
		if c := changesOf(a); onlyEvent(t, c).Kind != domain.EventFailed || len(c.Refunds) != 0 {
			t.Errorf("decided %+v", c)
		}
	})
	t.Run("captured: what is left is given back, once", func(t *testing.T) {
		t.Parallel()
		a := captured()
		if _, err := a.Refund(domain.RefundRequest{Amount: new(eur(300))}, decision()); err != nil {
			t.Fatal(err)
		}
		a = reload(a)
		a.Apply(cancelled(), domain.DecisionContext{Now: noon, NewID: uuid.New})
		c := changesOf(a)
		if len(c.InsertRefunds) != 1 || c.InsertRefunds[0].Amount != eur(700) {
			t.Fatalf("refunds %+v, want the 7.00 that nobody gave back", c.InsertRefunds)
		}
		a = reload(a)
		a.Apply(cancelled(), decision())
		if c := changesOf(a); len(c.InsertRefunds) != 0 || onlyEvent(t, c).Kind != domain.EventCaptured {
			t.Errorf("again: %+v", c)
		}
	})
	t.Run("given back: everything is republished", func(t *testing.T) {
		t.Parallel()
		a := captured()
		a.Apply(cancelled(), decision())
		a.RefundAnswered(a.Refunds()[0].ID, domain.Answer{Outcome: domain.Succeeded, ProviderID: "re_1"}, decision())
		first := onlyEvent(t, changesOf(a))
		a = reload(a)
		a.Apply(cancelled(), decision())
		again := changesOf(a).Events
		if len(again) != 2 || again[0].Kind != domain.EventCaptured || again[1] != first {
			t.Errorf("first %+v, again %+v", first, again)
		}
	})
	t.Run("the provider declines to give back: tried as another refund when called again", func(t *testing.T) {
		t.Parallel()
		a := captured()
		a.Apply(cancelled(), decision())
		a.RefundAnswered(a.Refunds()[0].ID, domain.Answer{Outcome: domain.Declined, Detail: "closed"}, decision())
		if r := a.Refunds()[0]; r.Status != domain.RefundFailed || r.FailureCode != "closed" || !a.Payment().HasMoney() {
			t.Fatalf("stands at %+v", r)
		}
		a = reload(a)
		a.Apply(cancelled(), domain.DecisionContext{Now: noon, NewID: uuid.New})
		if c := changesOf(a); len(c.InsertRefunds) != 1 || c.InsertRefunds[0].Amount != eur(1000) {
			t.Errorf("again: %+v", c.InsertRefunds)
		}
	})
}

func TestARefundIsRefused(t *testing.T) {
	t.Parallel()
	failed := pending()
	failed.Charged(domain.Answer{Outcome: domain.Declined}, decision())
	spoken := captured()
	if _, err := spoken.Refund(domain.RefundRequest{Amount: new(eur(400))}, decision()); err != nil {
		t.Fatal(err)
	}
	all := captured()
	if _, err := all.Refund(domain.RefundRequest{}, decision()); err != nil {
		t.Fatal(err)
	}
	given := reload(all)
	given.RefundAnswered(given.Refunds()[0].ID, domain.Answer{Outcome: domain.Succeeded, ProviderID: "re_1"}, decision())
	for name, row := range map[string]struct {
		account *domain.Account
		amount  *money.Money
		kind    fault.Kind
		reason  fault.Reason
	}{
		"of nothing":              {captured(), new(eur(0)), fault.Invalid, fault.ReasonInvalidField},
		"of less than nothing":    {captured(), new(eur(-1)), fault.Invalid, fault.ReasonInvalidField},
		"while pending":           {pending(), new(eur(1)), fault.FailedPrecondition, domain.ReasonPaymentState},
		"of a failed payment":     {failed, nil, fault.FailedPrecondition, domain.ReasonPaymentState},
		"when all is given back":  {given, nil, fault.FailedPrecondition, domain.ReasonPaymentState},
		"above what was captured": {captured(), new(eur(1001)), fault.FailedPrecondition, domain.ReasonRefundTooLarge},
		"above what is left":      {spoken, new(eur(601)), fault.FailedPrecondition, domain.ReasonRefundTooLarge},
		"of what is spoken for":   {all, nil, fault.FailedPrecondition, domain.ReasonRefundTooLarge},
		"in another currency":     {captured(), &money.Money{Currency: "USD", Amount: 1}, fault.FailedPrecondition, domain.ReasonCurrencyMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := row.account.Refund(domain.RefundRequest{Amount: row.amount}, decision())
			f, ok := fault.Of(err)
			if !ok || f.Kind() != row.kind || f.Reason() != row.reason {
				t.Errorf("got %v, want %v %v", err, row.kind, row.reason)
			}
			if row.kind == fault.Invalid && (len(f.Violations()) != 1 || f.Violations()[0].Field != "amount") {
				t.Errorf("violations %+v", f.Violations())
			}
		})
	}
}

func TestPartialRefundsCountUpUnderTheirOwnVersions(t *testing.T) {
	t.Parallel()
	a := captured()
	m := decision()
	for _, amount := range []int64{300, 200, 500} {
		refund, err := a.Refund(domain.RefundRequest{Amount: new(eur(amount)), Reason: "broken"}, m)
		if err != nil {
			t.Fatal(err)
		}
		a = reload(a)
		a.RefundAnswered(refund.ID, domain.Answer{Outcome: domain.Unknown}, m)
		a = reload(a)
		a.RefundAnswered(refund.ID, domain.Answer{Outcome: domain.Succeeded, ProviderID: "re"}, m)
		e := onlyEvent(t, changesOf(a))
		if e.Amount != eur(amount) || e.Refunded != a.Payment().Refunded || e.Version != a.Payment().Version || e.Reason != "broken" {
			t.Errorf("published %+v at %+v", e, a.Payment())
		}
		a = reload(a)
	}
	if p := a.Payment(); p.Status != domain.PaymentRefunded || p.Version != 5 || p.Refunded != eur(1000) {
		t.Errorf("ends at %+v", p)
	}
}

func TestWhatCannotBeChargedIsRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		id     uuid.UUID
		total  money.Money
		method string
	}{
		"no id":             {uuid.Nil, eur(1), "sandbox_ok"},
		"a negative total":  {paymentID, eur(-1), "sandbox_ok"},
		"no currency":       {paymentID, money.Money{Amount: 1}, "sandbox_ok"},
		"an endless method": {paymentID, eur(1), strings.Repeat("m", 101)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := domain.NewAwaitingPayment(row.id, row.total, row.method); err == nil {
				t.Error("it was accepted")
			}
		})
	}
}

func TestAProvidersTextIsKeptWithinBounds(t *testing.T) {
	t.Parallel()
	a := pending()
	a.Charged(domain.Answer{Outcome: domain.Declined, Detail: strings.Repeat("é", 300) + "\x00\xff"}, decision())
	code, detail := a.Payment().FailureCode, changesOf(a).Attempts[0].Detail
	if len(code) != domain.MaxCode || len(detail) != domain.MaxDetail || strings.Trim(code, "é") != "" || strings.Trim(detail, "é") != "" {
		t.Errorf("kept %d and %d bytes: %q", len(code), len(detail), code)
	}
}

func TestTheETagNamesTheVersion(t *testing.T) {
	t.Parallel()
	a := pending()
	first := a.Payment().Etag()
	a.Charged(domain.Answer{Outcome: domain.Unknown}, decision())
	second := a.Payment().Etag()
	if first == second || second != a.Payment().Etag() || first == "" {
		t.Errorf("etags %q, %q", first, second)
	}
}

// A provider that answers the opening with a failure may have opened the charge all
// the same, and reports it: another one was opened by then, and nothing is wrong.
// Money under another charge is.
func TestAChargeThatWasLeftIsNoContradiction(t *testing.T) {
	t.Parallel()
	report := func(change func(n *domain.Notice)) (string, domain.Changes) {
		a := pending()
		a.Charged(domain.Answer{Outcome: domain.Opened, ProviderID: "pi_kept", Start: noon, End: noon}, decision())
		a = reload(a)
		n := domain.Notice{OrderID: orderID, ChargeID: "pi_left", Amount: eur(1000)}
		change(&n)
		verdict := a.ApplyNotice(n, decision())
		return verdict.Contradiction, changesOf(a)
	}
	contradiction, c := report(func(*domain.Notice) {})
	if contradiction != "" || len(c.Update)+len(c.Charges) != 0 {
		t.Errorf("contradiction %q, changes %+v; want none", contradiction, c)
	}
	if contradiction, _ := report(func(n *domain.Notice) { n.Succeeded = true }); contradiction == "" {
		t.Error("money was taken under another charge without a contradiction")
	}
	if contradiction, _ := report(func(n *domain.Notice) { n.OrderID = paymentID }); contradiction == "" {
		t.Error("a charge of another order was taken for ours without a contradiction")
	}
}
