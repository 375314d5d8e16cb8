package domain

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
)

// Notice is what the provider reports of its own accord. It is about a refund or a
// dispute when that is set, and otherwise about the charge.
type Notice struct {
	OrderID  uuid.UUID
	ChargeID string
	// OpenedID is the id under which the charge was opened, where it got another one when it
	// was taken; empty otherwise.
	OpenedID string
	// Amount is the charge's, the refund's or the dispute's.
	Amount money.Money
	// Succeeded reports that the charge's money was moved.
	Succeeded bool
	Refund    *RefundNotice
	Dispute   *Dispute
	// Trace is the traceparent of the notice; may be empty.
	Trace string
}

// RefundNotice is the part of a notice about a refund.
type RefundNotice struct {
	// ID is ours, as the provider keeps it; the nil id when the shop did not request
	// the refund.
	ID uuid.UUID
	// ProviderID is the provider's.
	ProviderID string
	// Reversed reports that the refund did not succeed, or no longer.
	Reversed bool
}

// Verdict is what a notice came to.
type Verdict struct {
	// Contradiction is what contradicts the account; empty when nothing does.
	Contradiction string
	// TooEarly reports that the payment's own outcome has to be recorded first: the notice
	// has to come again.
	TooEarly bool
}

// about reports whether the notice names a charge by this id.
func (n Notice) about(chargeID string) bool { return n.ChargeID == chargeID || n.OpenedID == chargeID }

// ApplyNotice decides what follows from a notice. It believes nothing about money: it
// makes what waits for the provider due at once, and what it names for the first time
// is recorded as pending until the provider confirms it. So notices have the same
// effect however often, late and in whatever order they come.
func (a *Account) ApplyNotice(n Notice, dc DecisionContext) Verdict {
	if contradiction := a.contradicts(n); contradiction != "" {
		return Verdict{Contradiction: contradiction}
	}
	switch {
	case n.Refund != nil:
		return a.applyRefundNotice(n, dc)
	case n.Dispute != nil:
		if !a.payment.Decided() {
			return a.tooEarly(dc)
		}
		a.applyDispute(*n.Dispute, n.Trace, dc)
		return Verdict{}
	default:
		return a.applyChargeNotice(n, dc)
	}
}

func (a *Account) applyChargeNotice(n Notice, dc DecisionContext) Verdict {
	if a.payment.ChargeID != "" && !n.about(a.payment.ChargeID) {
		return Verdict{} // it was opened and left, because the answer was a failure: no money is requested under it
	}
	if a.payment.Decided() {
		if n.Succeeded && (a.payment.Status == PaymentFailed || a.payment.Status == PaymentCancelled) {
			return Verdict{Contradiction: fmt.Sprintf("the provider took the money of a payment that is %s", a.payment.Status)}
		}
		return Verdict{}
	}
	if a.payment.ChargeID == "" {
		a.payment.ChargeID = cmp.Or(n.OpenedID, n.ChargeID)
	}
	a.payment.Due = dc.Now
	a.touch(dc)
	return Verdict{}
}

// tooEarly makes the charge due, so that its outcome is looked up at once.
func (a *Account) tooEarly(dc DecisionContext) Verdict {
	a.payment.Due = dc.Now
	a.touch(dc)
	return Verdict{TooEarly: true}
}

func (a *Account) contradicts(n Notice) string {
	p := a.payment
	aboutCharge := n.Refund == nil && n.Dispute == nil
	switch {
	case n.OrderID != uuid.Nil && n.OrderID != p.OrderID:
		return fmt.Sprintf("it is of order %s, the payment of order %s", n.OrderID, p.OrderID)
	case p.ChargeID != "" && !n.about(p.ChargeID) && (n.Succeeded || !aboutCharge && p.Decided()):
		// Until it is decided, the charge may still get another id; a refund or dispute waits for that.
		return fmt.Sprintf("it is of charge %s, the payment's is %s", n.ChargeID, p.ChargeID)
	case n.Amount.Currency != p.Amount.Currency:
		return fmt.Sprintf("it is in %s, the payment in %s", n.Amount.Currency, p.Amount.Currency)
	case aboutCharge && n.Amount != p.Amount:
		return fmt.Sprintf("it is of %s, the payment of %s", n.Amount, p.Amount)
	}
	return ""
}

func (a *Account) applyRefundNotice(n Notice, dc DecisionContext) Verdict {
	i := slices.IndexFunc(a.refunds, func(r Refund) bool {
		return r.ID == n.Refund.ID || n.Refund.ProviderID != "" && r.ProviderRefundID == n.Refund.ProviderID
	})
	if i < 0 {
		return a.applyProviderRefund(n, dc)
	}
	refund := &a.refunds[i]
	switch {
	case n.Amount != refund.Amount:
		return Verdict{Contradiction: fmt.Sprintf("it is of %s, refund %s of %s", n.Amount, refund.ID, refund.Amount)}
	case refund.Status == RefundSucceeded && n.Refund.Reversed:
		return Verdict{Contradiction: fmt.Sprintf(
			"refund %s of %s failed after it had succeeded: the shop has the money again; give it back another way", refund.ID, refund.Amount)}
	case refund.Status == RefundPending:
		refund.Due, refund.UpdateTime = dc.Now, dc.Now
		a.touched = append(a.touched, refund.ID)
	}
	return Verdict{}
}

// applyProviderRefund records a refund that somebody made at the provider, as pending
// until the provider confirms it.
func (a *Account) applyProviderRefund(n Notice, dc DecisionContext) Verdict {
	captured, refunded := a.payment.Captured.Amount, a.payment.Refunded.Amount
	switch {
	case n.Refund.Reversed || n.Refund.ProviderID == "":
		return Verdict{} // no money was moved
	case !a.payment.Decided():
		return a.tooEarly(dc)
	case n.Amount.Amount <= 0 || n.Amount.Amount > captured-refunded:
		return Verdict{Contradiction: fmt.Sprintf("a refund of %s at the provider is more than is left: %s was captured and %s refunded",
			n.Amount, a.payment.Captured, a.payment.Refunded)}
	}
	a.addRefund(Refund{
		Amount: n.Amount, Origin: OriginProvider, Requester: "provider/" + a.payment.Provider,
		ProviderRefundID: n.Refund.ProviderID, Trace: n.Trace,
	}, dc)
	return Verdict{}
}
