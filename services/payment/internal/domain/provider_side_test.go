package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// elsewhere is a notice of a refund that somebody made at the provider.
func elsewhere(id string, amount int64) domain.Notice {
	return domain.Notice{ChargeID: "ch", Amount: eur(amount), Refund: &domain.RefundNotice{ProviderID: id}}
}

// captured10 is a stored payment of 10 EUR that has the money of the charge "ch".
func captured10() *domain.Account {
	a := pending()
	a.Charged(domain.Answer{Outcome: domain.Succeeded, ProviderID: "ch"}, decision())
	return reload(a)
}

// only is the newest refund of an account.
func newestRefund(a *domain.Account) domain.Refund { return a.Refunds()[len(a.Refunds())-1] }

// A refund made at the provider waits for the provider's confirmation, and counts as
// given back meanwhile; reported again it is the same.
func TestARefundMadeAtTheProviderIsRecordedOnce(t *testing.T) {
	t.Parallel()
	dc := decision()
	a := captured10()
	for range 3 {
		if v := a.ApplyNotice(elsewhere("re_1", 400), dc); v != (domain.Verdict{}) {
			t.Fatalf("verdict %+v", v)
		}
	}
	refund := newestRefund(a)
	if len(a.Refunds()) != 1 || refund.Status != domain.RefundPending || refund.Origin != domain.OriginProvider || len(changesOf(a).Refunds) != 1 {
		t.Fatalf("recorded %+v", a.Refunds())
	}
	if _, err := a.Refund(domain.RefundRequest{Amount: new(eur(700))}, dc); err == nil {
		t.Error("7 of 10 EUR could be requested, and 4 are given back elsewhere")
	}
	a = reload(a)
	a.RefundAnswered(refund.ID, domain.Answer{Outcome: domain.Succeeded, ProviderID: "re_1"}, dc)
	if p := a.Payment(); p.Status != domain.PaymentPartiallyRefunded || p.Refunded != eur(400) {
		t.Errorf("it stands at %+v", p)
	}
	if e := onlyEvent(t, changesOf(a)); e.Kind != domain.EventRefunded || e.Origin != domain.OriginProvider || e.Refunded != eur(400) {
		t.Errorf("published %+v", e)
	}
}

// More than is left can't have been given back, and nothing is before the money was
// taken: the notice has to come again.
func TestARefundMadeAtTheProviderFitsTheBooks(t *testing.T) {
	t.Parallel()
	if v := captured10().ApplyNotice(elsewhere("re_1", 1001), decision()); v.Contradiction == "" {
		t.Error("10.01 of 10 EUR are given back without a contradiction")
	}
	early := pending()
	n := elsewhere("re_1", 400)
	if v := early.ApplyNotice(n, decision()); !v.TooEarly || len(early.Refunds()) != 0 || !early.Payment().Due.Equal(noon) {
		t.Errorf("before the money was taken: %+v, due at %v", v, early.Payment().Due)
	}
	reversed := captured10()
	n.Refund.Reversed = true
	if v := reversed.ApplyNotice(n, decision()); v != (domain.Verdict{}) || len(reversed.Refunds()) != 0 {
		t.Errorf("one that failed: %+v, %+v", v, reversed.Refunds())
	}
}

// The order is cancelled, 4 of 10 EUR were given back elsewhere before the shop knew:
// the request for all is refused for good, the request for the rest follows, and
// neither is repeated however often order requests it.
func TestACancelledOrderRequestsWhatIsLeft(t *testing.T) {
	t.Parallel()
	dc := decision()
	a := captured10()
	a.Apply(cancelled(), dc)
	all := newestRefund(a)
	a.RefundAnswered(all.ID, domain.Answer{Outcome: domain.Declined, Detail: domain.CodeRefundTooLarge}, dc)
	for range 3 {
		a.Apply(cancelled(), dc)
	}
	if len(a.Refunds()) != 1 {
		t.Fatalf("a final refusal is repeated: %+v", a.Refunds())
	}
	a.ApplyNotice(elsewhere("re_1", 400), dc)
	other := newestRefund(a)
	a.RefundAnswered(other.ID, domain.Answer{Outcome: domain.Succeeded, ProviderID: "re_1"}, dc)
	rest := newestRefund(a)
	if len(a.Refunds()) != 3 || rest.Amount != eur(600) || rest.Origin != domain.OriginOrderCancelled || rest.Status != domain.RefundPending {
		t.Fatalf("refunds %+v", a.Refunds())
	}
	a.RefundAnswered(rest.ID, domain.Answer{Outcome: domain.Succeeded, ProviderID: "re_2"}, dc)
	if p := a.Payment(); p.Status != domain.PaymentRefunded || p.Refunded != eur(1000) {
		t.Errorf("it ends at %+v", p)
	}
}

// A refusal that may pass is requested again, as another refund.
func TestARefusalThatMayPassIsRequestedAgain(t *testing.T) {
	t.Parallel()
	dc := decision()
	for code, want := range map[string]int{
		"balance_insufficient": 2, domain.CodeRefundTooLarge: 1, domain.CodeAlreadyRefunded: 1, domain.CodeDisputed: 1,
	} {
		a := captured10()
		a.Apply(cancelled(), dc)
		a.RefundAnswered(newestRefund(a).ID, domain.Answer{Outcome: domain.Declined, Detail: code}, dc)
		a = reload(a)
		a.Apply(cancelled(), dc)
		if len(a.Refunds()) != want {
			t.Errorf("%s: %d refunds, want %d", code, len(a.Refunds()), want)
		}
	}
}

// disputed is a notice of how a dispute stands at a time.
func disputed(status domain.DisputeStatus, at time.Time) domain.Notice {
	return domain.Notice{ChargeID: "ch", Amount: eur(1000), Dispute: &domain.Dispute{
		ID: "dp_1", Amount: eur(1000), Reason: "fraudulent", Status: status, OpenTime: noon, ObserveTime: at,
	}}
}

// Notices come twice and in the wrong order: each change is published once, under a
// version of its own, and what was seen earlier changes nothing.
func TestADisputeIsPublishedOncePerChange(t *testing.T) {
	t.Parallel()
	dc := decision()
	a := captured10()
	for _, n := range []domain.Notice{
		disputed(domain.DisputeNeedsResponse, noon), disputed(domain.DisputeNeedsResponse, noon.Add(time.Second)),
		disputed(domain.DisputeWon, noon.Add(time.Minute)), disputed(domain.DisputeUnderReview, noon.Add(2*time.Second)),
	} {
		if v := a.ApplyNotice(n, dc); v != (domain.Verdict{}) {
			t.Fatalf("verdict %+v", v)
		}
	}
	c := changesOf(a)
	if len(c.Events) != 2 || c.Events[0].Version != 3 || c.Events[1].Version != 4 || c.Events[1].Dispute.Status != domain.DisputeWon ||
		c.Events[0].Dispute.CloseTime != (time.Time{}) || c.Events[1].Dispute.CloseTime != noon {
		t.Errorf("published %+v", c.Events)
	}
	again := reload(a)
	again.LoadDisputes(slices.Clone(c.Disputes[1:]))
	again.RepublishSince(noon)
	republished := onlyEvent(t, changesOf(again))
	republished.Trace = c.Events[1].Trace
	if republished != c.Events[1] {
		t.Errorf("republished %+v, first %+v", republished, c.Events[1])
	}
}

// While a bank disputes the charge, the refund of a cancelled order is refused, and not
// requested again. Once the shop has won, it is, whenever the order is cancelled.
func TestADisputeThatWasWonFreesTheRefund(t *testing.T) {
	t.Parallel()
	dc := decision()
	cancel := domain.InboundEvent{OrderID: captured10().Payment().OrderID, Cancelled: &domain.Cancelled{PaymentRequested: true}}
	for name, row := range map[string]struct {
		status domain.DisputeStatus
		want   int
	}{
		"won": {domain.DisputeWon, 2}, "lost": {domain.DisputeLost, 1}, "still open": {domain.DisputeUnderReview, 1},
	} {
		a := captured10()
		a.ApplyNotice(disputed(domain.DisputeNeedsResponse, noon), dc)
		a.Apply(cancel, dc)
		a.RefundAnswered(a.Refunds()[0].ID, domain.Answer{Outcome: domain.Declined, Detail: domain.CodeDisputed}, dc)
		a.Apply(cancel, dc)
		if n := len(a.Refunds()); n != 1 {
			t.Errorf("%s: %d refunds while it is open", name, n)
		}
		a.ApplyNotice(disputed(row.status, noon.Add(time.Minute)), dc)
		a.Apply(cancel, dc)
		if n := len(a.Refunds()); n != row.want {
			t.Errorf("%s: %d refunds, want %d", name, n, row.want)
		}
	}
}

// A bank took money back for its customer. The order's cancellation gives back the rest
// alone, whether the dispute or the cancellation was first, and reports the dispute to an
// order that may not know of it. When the bank decides for the shop after all, the customer
// gets that part from the shop.
func TestWhatABankTookBackIsNotGivenBackAgain(t *testing.T) {
	t.Parallel()
	dc := decision()
	cancel := domain.InboundEvent{OrderID: captured10().Payment().OrderID, Cancelled: &domain.Cancelled{PaymentRequested: true}}
	lost := func(amount int64) domain.Notice {
		n := disputed(domain.DisputeLost, noon.Add(time.Minute))
		n.Amount, n.Dispute.Amount = eur(amount), eur(amount)
		return n
	}
	for name, row := range map[string]struct {
		refunded, lost, rest int64
	}{
		"all of it": {0, 1000, 0}, "a part": {0, 400, 600}, "the rest after a refund": {600, 400, 0}, "more than was left": {600, 1000, 0},
	} {
		for _, disputedFirst := range []bool{true, false} {
			a := captured10()
			if row.refunded > 0 {
				part, err := a.Refund(domain.RefundRequest{Amount: new(eur(row.refunded))}, dc)
				if err != nil {
					t.Fatal(err)
				}
				a.RefundAnswered(part.ID, domain.Answer{Outcome: domain.Succeeded, ProviderID: "re"}, dc)
			}
			before := len(a.Refunds())
			if disputedFirst {
				a.ApplyNotice(lost(row.lost), dc)
			} else {
				a.Apply(cancel, dc)
				a.RefundAnswered(newestRefund(a).ID, domain.Answer{Outcome: domain.Declined, Detail: domain.CodeDisputed}, dc)
				before++
				a.ApplyNotice(lost(row.lost), dc)
			}
			stored := changesOf(a).Disputes
			a = reload(a)
			if !a.Disputed() {
				t.Fatalf("%s: its dispute is not loaded", name)
			}
			a.LoadDisputes(stored)
			a.Apply(cancel, dc)
			a.Apply(cancel, dc)
			refunds := a.Refunds()[before:]
			if row.rest == 0 && len(refunds) > 0 || row.rest > 0 && (len(refunds) != 1 || refunds[0].Amount != eur(row.rest)) {
				t.Errorf("%s, disputed first: %t: refunds %+v, want %d", name, disputedFirst, refunds, row.rest)
			}
			if !slices.ContainsFunc(changesOf(a).Events, func(e domain.Event) bool { return e.Kind == domain.EventDisputed }) {
				t.Errorf("%s: the order gets no event of the dispute again", name)
			}
			won := lost(row.lost)
			won.Dispute.Status, won.Dispute.ObserveTime = domain.DisputeWon, noon.Add(time.Hour)
			a.ApplyNotice(won, dc)
			var back int64
			for _, r := range a.Refunds() {
				if r.Status != domain.RefundFailed {
					back += r.Amount.Amount
				}
			}
			if back != 1000 {
				t.Errorf("%s, won after all: %d given back or about to be", name, back)
			}
		}
	}
}

// What a payment waits for is published once, whatever comes in between, and polls
// without news are counted.
func TestWhatAPaymentWaitsForIsPublishedOnce(t *testing.T) {
	t.Parallel()
	dc := decision()
	a := pending()
	waits := func(reason domain.PendingReason) domain.Answer {
		return domain.Answer{Outcome: domain.Pending, ProviderID: "pi", Waits: reason}
	}
	for _, reason := range []domain.PendingReason{domain.PendingAction, domain.PendingAction, domain.PendingBank, domain.PendingAction, domain.PendingBank, domain.PendingBank} {
		a.Charged(waits(reason), dc)
	}
	a.Charged(domain.Answer{Outcome: domain.Unknown}, dc)
	a.Charged(waits(domain.PendingBank), dc)
	c := changesOf(a)
	if len(c.Events) != 2 || c.Events[0].Kind != domain.EventActionRequired || c.Events[1].Kind != domain.EventProcessing {
		t.Errorf("published %+v", c.Events)
	}
	if p := a.Payment(); p.Attempts != 5 || p.Polls != 3 || len(c.Attempts) != 5 || p.PollTime != noon {
		t.Errorf("%d attempts, %d listed, %d polls", p.Attempts, len(c.Attempts), p.Polls)
	}
	a = reload(a)
	a.Charged(domain.Answer{Outcome: domain.Succeeded, ProviderID: "pi"}, dc)
	if p := a.Payment(); p.PendingReason != domain.PendingUnknown || p.Version != domain.OutcomeVersion {
		t.Errorf("it ends at %+v", p)
	}
}
