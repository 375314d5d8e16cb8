package domain

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
)

// Charged records what came of asking the provider for the payment. An answer for
// a payment that is settled is ignored: under one key a provider gives one answer,
// and the first that was recorded has been told to others.
func (a *Account) Charged(answer Answer, dc DecisionContext) {
	if !a.known || a.payment.Settled() {
		return
	}
	if answer.Outcome == Opened {
		a.open(answer, dc)
		return
	}
	a.payment.Attempts++
	a.attempts = append(a.attempts, answer.attempt(a.payment.ID, a.payment.Attempts))
	switch answer.Outcome {
	case Succeeded:
		a.payment.Captured = a.payment.Amount
		a.payment.ChargeID = answer.ProviderID
		a.close(PaymentCaptured, dc)
		a.publishOutcome(answer.Trace)
		if a.payment.OrderCancelled {
			a.refundRest(answer.Trace, dc)
		}
	case Declined:
		a.payment.FailureCode = cut(answer.Detail, MaxCode)
		status := PaymentFailed
		if a.payment.OrderCancelled && answer.Detail == CodeOrderCancelled {
			status = PaymentCancelled
		}
		a.close(status, dc)
		a.publishOutcome(answer.Trace)
	default:
		a.payment.Due = dc.retry(a.payment.Attempts)
		a.touch(dc)
	}
}

// open stores the id under which the provider knows of the charge. The first is kept:
// money is asked for under a stored id alone, so that a charge which was opened twice
// is taken once. Whoever stores it asks next, and has a lease for that.
func (a *Account) open(answer Answer, dc DecisionContext) {
	if a.payment.ChargeID == "" {
		a.payment.ChargeID = answer.ProviderID
	}
	a.payment.Due = dc.Now.Add(dc.Lease)
	a.touch(dc)
}

// Noticed says that the provider spoke of the payment, or of the refund when its id is
// set, under chargeID. What waits for an answer is asked for at once. The result tells
// what contradicts the account; it is empty when nothing does.
func (a *Account) Noticed(n Notice, dc DecisionContext) (contradiction string) {
	if contradiction = a.contradicts(n); contradiction != "" {
		return contradiction
	}
	if n.Refund {
		return a.refundNoticed(n, dc)
	}
	if a.payment.ChargeID != "" && n.ChargeID != a.payment.ChargeID {
		return "" // it was opened and left, because the answer was a failure: no money is asked for under it
	}
	if a.payment.Settled() {
		if n.Succeeded && (a.payment.Status == PaymentFailed || a.payment.Status == PaymentCancelled) {
			return fmt.Sprintf("the provider took the money of a payment that is %s", a.payment.Status)
		}
		return ""
	}
	if a.payment.ChargeID == "" {
		a.payment.ChargeID = n.ChargeID
	}
	a.payment.Due = dc.Now
	a.touch(dc)
	return ""
}

// Notice is what the provider said of its own accord.
type Notice struct {
	OrderID  uuid.UUID
	ChargeID string
	Amount   money.Money
	// Succeeded says that the money was moved.
	Succeeded bool
	// Refund says that a refund is spoken of: ours when RefundID is set.
	Refund   bool
	RefundID uuid.UUID
	// Reversed says that the refund did not succeed, or no longer.
	Reversed bool
}

func (a *Account) contradicts(n Notice) string {
	p := a.payment
	switch {
	case n.OrderID != uuid.Nil && n.OrderID != p.OrderID:
		return fmt.Sprintf("it is of order %s, the payment of order %s", n.OrderID, p.OrderID)
	case p.ChargeID != "" && n.ChargeID != p.ChargeID && (n.Succeeded || n.Refund):
		return fmt.Sprintf("it is of charge %s, the payment's is %s", n.ChargeID, p.ChargeID)
	case n.Amount.Currency != p.Amount.Currency:
		return fmt.Sprintf("it is in %s, the payment in %s", n.Amount.Currency, p.Amount.Currency)
	case !n.Refund && n.Amount != p.Amount:
		return fmt.Sprintf("it is of %s, the payment of %s", n.Amount, p.Amount)
	}
	return ""
}

func (a *Account) refundNoticed(n Notice, dc DecisionContext) string {
	i := slices.IndexFunc(a.refunds, func(r Refund) bool { return r.ID == n.RefundID })
	if i < 0 {
		return fmt.Sprintf("a refund of %s that the shop did not ask for", n.Amount)
	}
	refund := &a.refunds[i]
	switch {
	case n.Amount != refund.Amount:
		return fmt.Sprintf("it is of %s, refund %s of %s", n.Amount, refund.ID, refund.Amount)
	case refund.Status == RefundSucceeded && n.Reversed:
		return fmt.Sprintf("refund %s of %s failed after it had succeeded: the shop has the money again; give it back another way", refund.ID, refund.Amount)
	case refund.Status == RefundPending:
		refund.Due, refund.UpdateTime = dc.Now, dc.Now
		a.touched = append(a.touched, refund.ID)
	}
	return ""
}
