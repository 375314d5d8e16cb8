package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// world is one order's account, what a provider's ledger holds of it, and all that
// was said.
type world struct {
	t       *rapid.T
	account *domain.Account
	now     time.Time
	ids     uint32

	asked, ended bool
	charge       domain.Outcome // what the provider does with the charge; 0 until it was asked
	refunds      map[uuid.UUID]domain.Outcome
	declines     bool // the provider may decline refunds
	said         map[string]domain.Event
}

func (w *world) decision() domain.DecisionContext {
	w.now = w.now.Add(time.Second)
	return domain.DecisionContext{
		Now: w.now,
		NewID: func() uuid.UUID {
			w.ids++
			return uuid.UUID{0: byte(w.ids >> 8), 1: byte(w.ids), 6: 0x70, 8: 0x80}
		},
		NewReference: func() string { return "PAY-00000000" }, Provider: func(string) string { return "sandbox" },
		Lease: 15 * time.Second, RetryAfter: time.Second,
	}
}

// commit ends a transaction: what was said is compared, and the account is read anew.
func (w *world) commit() {
	for _, e := range changesOf(w.account).Events {
		id := fmt.Sprintf("%d/%d", e.Kind, e.Version)
		e.Trace = ""
		if before, again := w.said[id]; again && before != e {
			w.t.Fatalf("said %+v, then %+v under one identity", before, e)
		}
		w.said[id] = e
	}
	if !w.asked && !w.ended {
		return
	}
	w.account = reload(w.account)
	w.check()
}

func (w *world) check() {
	p := w.account.Payment()
	var given, open int64
	for _, r := range w.account.Refunds() {
		switch r.Status {
		case domain.RefundSucceeded:
			given += r.Amount.Amount
		case domain.RefundPending:
			open += r.Amount.Amount
		}
	}
	if p.Refunded.Amount != given || given+open > p.Captured.Amount || p.Captured.Amount > p.Amount.Amount {
		w.t.Fatalf("of %s %s is captured, %s refunded; refunds give %d and may give %d", p.Amount, p.Captured, p.Refunded, given, open)
	}
	if p.Settled() != p.Due.IsZero() {
		w.t.Fatalf("%s is due at %v", p.Status, p.Due)
	}
}

// askProvider makes a request under its key: the provider decides once, and may
// lose its answer whether or not it acted.
func (w *world) askProvider(decided *domain.Outcome, mayDecline bool) domain.Answer {
	answer := domain.Answer{Start: w.now, End: w.now, ProviderID: "id"}
	reaches := rapid.Bool().Draw(w.t, "reaches the provider")
	if reaches && *decided == 0 {
		*decided = domain.Succeeded
		if mayDecline && rapid.Bool().Draw(w.t, "declines") {
			*decided = domain.Declined
		}
	}
	if !reaches || rapid.Bool().Draw(w.t, "loses the answer") {
		answer.Outcome = domain.Unknown
		return answer
	}
	answer.Outcome = *decided
	return answer
}

func (w *world) apply(e domain.OrderEvent) {
	w.account.Apply(e, w.decision())
	if rapid.Bool().Draw(w.t, "twice in one batch") {
		w.account.Apply(e, w.decision())
	}
	w.commit()
}

func (w *world) tryCharge() {
	if p := w.account.Payment(); w.asked && p.Amount.Amount > 0 && (p.Status == domain.PaymentPending || rapid.Bool().Draw(w.t, "late answer")) &&
		p.Status != domain.PaymentCancelled {
		w.account.Charged(w.askProvider(&w.charge, true), w.decision())
		w.commit()
	}
}

func (w *world) tryRefund() {
	refunds := w.account.Refunds()
	if len(refunds) == 0 {
		return
	}
	id := refunds[rapid.IntRange(0, len(refunds)-1).Draw(w.t, "refund")].ID
	decided := w.refunds[id]
	answer := w.askProvider(&decided, w.declines)
	w.refunds[id] = decided
	w.account.RefundAnswered(id, answer, w.decision())
	w.commit()
}

func (w *world) wishRefund() {
	wish := domain.RefundRequest{}
	if rapid.Bool().Draw(w.t, "a part") {
		wish.Amount = new(eur(rapid.Int64Range(-1, 1100).Draw(w.t, "amount")))
	}
	// A refusal changes nothing, which commit checks as well.
	_, _ = w.account.Refund(wish, w.decision())
	w.commit()
}

// settle lets the provider answer everything that is still open, and order ask
// again once more.
func (w *world) close() {
	for range 3 {
		if p := w.account.Payment(); w.asked && p.Status == domain.PaymentPending {
			if w.charge == 0 {
				w.charge = domain.Succeeded
			}
			w.account.Charged(domain.Answer{Outcome: w.charge, ProviderID: "id"}, w.decision())
			w.commit()
		}
		for _, r := range w.account.Refunds() {
			outcome := w.refunds[r.ID]
			if outcome == 0 {
				outcome = domain.Succeeded
			}
			w.account.RefundAnswered(r.ID, domain.Answer{Outcome: outcome, ProviderID: "id"}, w.decision())
			w.commit()
		}
		if w.ended {
			w.account.Apply(cancelled(), w.decision())
			w.commit()
		}
	}
}

// In every order of what happens, and however often: money is taken once, never
// more is given back than was taken, what is said is said the same, and a
// cancelled order keeps nothing.
func TestMoneyIsExactInEveryOrderOfEvents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &world{
			t: t, account: domain.NewAccount(), now: noon, refunds: map[uuid.UUID]domain.Outcome{},
			said: map[string]domain.Event{}, declines: rapid.Bool().Draw(t, "the provider may decline refunds"),
		}
		total := eur(rapid.SampledFrom([]int64{0, 1, 1000}).Draw(t, "total"))
		t.Repeat(map[string]func(*rapid.T){
			"awaiting":  func(*rapid.T) { w.asked = true; w.apply(awaiting(total)) },
			"cancelled": func(*rapid.T) { w.ended = true; w.apply(cancelled()) },
			"charge":    func(*rapid.T) { w.tryCharge() },
			"refund":    func(*rapid.T) { w.tryRefund() },
			"wish":      func(*rapid.T) { w.wishRefund() },
		})
		w.close()
		p := w.account.Payment()
		if w.ended && p.Captured != p.Refunded {
			t.Fatalf("the order is cancelled, %s was captured and %s given back: %+v", p.Captured, p.Refunded, w.account.Refunds())
		}
		if !w.ended && (p.Captured.Amount > 0) != (w.charge == domain.Succeeded) {
			t.Fatalf("the provider decided %d, the payment is %s", w.charge, p.Status)
		}
	})
}
