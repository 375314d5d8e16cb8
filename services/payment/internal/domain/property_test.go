package domain_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// world is one order's account, what a provider's ledger holds of it, and all that
// was published.
type world struct {
	t       *rapid.T
	account *domain.Account
	now     time.Time
	ids     uint32

	awaited, ended bool
	charge         domain.Outcome // what the provider does with the charge; 0 until it was called
	refunds        map[uuid.UUID]domain.Outcome
	declines       bool    // the provider may decline refunds
	given          int64   // what the provider gave back
	others         []int64 // refunds that somebody made at the provider
	published      map[string]domain.Event
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

// commit ends a transaction: what was published is compared, and the account is loaded again.
func (w *world) commit() {
	for _, e := range changesOf(w.account).Events {
		id := fmt.Sprintf("%d/%d", e.Kind, e.Version)
		e.Trace = ""
		if before, again := w.published[id]; again && before != e {
			w.t.Fatalf("published %+v, then %+v under one identity", before, e)
		}
		w.published[id] = e
	}
	if !w.awaited && !w.ended {
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
	// What others gave back is counted twice while a request for it is still open.
	var elsewhere int64
	for _, amount := range w.others {
		elsewhere += amount
	}
	if p.Refunded.Amount != given || given > p.Captured.Amount || given+open > p.Captured.Amount+elsewhere || p.Captured.Amount > p.Amount.Amount {
		w.t.Fatalf("of %s %s is captured, %s refunded; refunds give %d and may give %d", p.Amount, p.Captured, p.Refunded, given, open)
	}
	if p.Decided() != p.Due.IsZero() {
		w.t.Fatalf("%s is due at %v", p.Status, p.Due)
	}
}

// callProvider makes a request under its key: the provider decides once, and may
// lose its answer whether or not it acted.
func (w *world) callProvider(decided *domain.Outcome, mayDecline bool) domain.Answer {
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

func (w *world) apply(e domain.InboundEvent) {
	w.account.Apply(e, w.decision())
	if rapid.Bool().Draw(w.t, "twice in one batch") {
		w.account.Apply(e, w.decision())
	}
	w.commit()
}

func (w *world) tryCharge() {
	if p := w.account.Payment(); w.awaited && p.Amount.Amount > 0 && (p.Status == domain.PaymentPending || rapid.Bool().Draw(w.t, "late answer")) &&
		p.Status != domain.PaymentCancelled {
		w.account.Charged(w.callProvider(&w.charge, true), w.decision())
		w.commit()
	}
}

func (w *world) tryRefund() {
	refunds := w.account.Refunds()
	if len(refunds) == 0 {
		return
	}
	id := refunds[rapid.IntRange(0, len(refunds)-1).Draw(w.t, "refund")].ID
	answer := w.requestRefund(id, func(decided *domain.Outcome) domain.Answer { return w.callProvider(decided, w.declines) })
	w.account.RefundAnswered(id, answer, w.decision())
	w.commit()
}

// requestRefund lets the provider decide about a refund, which it refuses when more
// would be given back than was taken.
func (w *world) requestRefund(id uuid.UUID, call func(decided *domain.Outcome) domain.Answer) domain.Answer {
	i := slices.IndexFunc(w.account.Refunds(), func(r domain.Refund) bool { return r.ID == id })
	refund := w.account.Refunds()[i]
	decided, before := w.refunds[id], w.refunds[id]
	if refund.Origin == domain.OriginProvider {
		decided, before = domain.Succeeded, domain.Succeeded // it was made already
	} else if decided == 0 && w.given+refund.Amount.Amount > w.account.Payment().Captured.Amount {
		decided = domain.Declined
	}
	answer := call(&decided)
	if before == 0 && decided == domain.Succeeded {
		w.given += refund.Amount.Amount
	}
	w.refunds[id] = decided
	if answer.Outcome == domain.Declined && w.given+refund.Amount.Amount > w.account.Payment().Captured.Amount {
		answer.Detail = domain.CodeRefundTooLarge
	}
	return answer
}

// refundElsewhere has somebody give money back at the provider, as far as there is
// any. Its notice comes now, or at the end.
func (w *world) refundElsewhere() {
	left := w.account.Payment().Captured.Amount - w.given
	if left <= 0 {
		return
	}
	amount := rapid.Int64Range(1, left).Draw(w.t, "elsewhere")
	w.given += amount
	w.others = append(w.others, amount)
	if rapid.Bool().Draw(w.t, "notice comes") {
		w.notice(len(w.others) - 1)
	}
}

func (w *world) notice(n int) {
	p := w.account.Payment()
	v := w.account.ApplyNotice(domain.Notice{
		ChargeID: p.ChargeID, Amount: eur(w.others[n]), Refund: &domain.RefundNotice{ProviderID: fmt.Sprintf("other-%d", n)},
	}, w.decision())
	if v != (domain.Verdict{}) {
		w.t.Fatalf("a refund elsewhere of %d is %+v", w.others[n], v)
	}
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

// close lets the provider answer everything that is still open, and order request
// it once more.
func (w *world) close() {
	for range 5 {
		if p := w.account.Payment(); w.awaited && p.Status == domain.PaymentPending {
			if w.charge == 0 {
				w.charge = domain.Succeeded
			}
			w.account.Charged(domain.Answer{Outcome: w.charge, ProviderID: "id"}, w.decision())
			w.commit()
		}
		for n := range w.others {
			w.notice(n)
		}
		for _, r := range slices.Clone(w.account.Refunds()) {
			answer := w.requestRefund(r.ID, func(decided *domain.Outcome) domain.Answer {
				if *decided == 0 {
					*decided = domain.Succeeded
				}
				return domain.Answer{Outcome: *decided, ProviderID: r.ProviderRefundID + "id"}
			})
			w.account.RefundAnswered(r.ID, answer, w.decision())
			w.commit()
		}
		if w.ended {
			w.account.Apply(cancelled(), w.decision())
			w.commit()
		}
	}
}

// In every order of what happens, and however often: money is taken once, never
// more is given back than was taken, what is republished is the same, and a
// cancelled order keeps nothing.
func TestMoneyIsExactInEveryOrderOfEvents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &world{
			t: t, account: domain.NewAccount(), now: noon, refunds: map[uuid.UUID]domain.Outcome{},
			published: map[string]domain.Event{}, declines: rapid.Bool().Draw(t, "the provider may decline refunds"),
		}
		total := eur(rapid.SampledFrom([]int64{0, 1, 1000}).Draw(t, "total"))
		t.Repeat(map[string]func(*rapid.T){
			"awaiting":  func(*rapid.T) { w.awaited = true; w.apply(awaiting(total)) },
			"cancelled": func(*rapid.T) { w.ended = true; w.apply(cancelled()) },
			"charge":    func(*rapid.T) { w.tryCharge() },
			"refund":    func(*rapid.T) { w.tryRefund() },
			"wish":      func(*rapid.T) { w.wishRefund() },
			"elsewhere": func(*rapid.T) { w.refundElsewhere() },
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
