package domain

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/money"
)

// RefundRequest is somebody's request to give money back.
type RefundRequest struct {
	// Amount is how much; nil gives back all that is left.
	Amount *money.Money
	Reason string
	// Requester is the key of who requests it.
	Requester string
	Trace     string
}

// Refund decides about a request to give money back. Refunds that are pending count
// as given back. Errors: PAYMENT_STATE when nothing is captured or all was given
// back, CURRENCY_MISMATCH, REFUND_TOO_LARGE, and INVALID_FIELD for an amount that
// is not more than 0, or for a reason that is no text.
func (a *Account) Refund(request RefundRequest, dc DecisionContext) (Refund, error) {
	if err := grammar.Text(request.Reason, maxTyped); err != nil {
		return Refund{}, fault.Fields(fault.Violation{Field: "reason", Description: err.Error()})
	}
	if request.Amount != nil && request.Amount.Amount <= 0 {
		return Refund{}, fault.Fields(fault.Violation{
			Field: "amount", Description: "must be more than 0; leave it out to give back all that is left",
		})
	}
	if !a.payment.HasMoney() {
		return Refund{}, fault.New(fault.FailedPrecondition, ReasonPaymentState,
			"payment %s is %s: only a CAPTURED or PARTIALLY_REFUNDED payment can be refunded", a.payment.ID, a.payment.Status).
			With("status", a.payment.Status.String())
	}
	left := a.left()
	amount := left
	if request.Amount != nil {
		if request.Amount.Currency != a.payment.Amount.Currency {
			return Refund{}, fault.New(fault.FailedPrecondition, ReasonCurrencyMismatch,
				"payment %s is in %s, not in %s", a.payment.ID, a.payment.Amount.Currency, request.Amount.Currency).
				With("currency", a.payment.Amount.Currency)
		}
		amount = request.Amount.Amount
	}
	if amount > left || left <= 0 {
		return Refund{}, fault.New(fault.FailedPrecondition, ReasonRefundTooLarge,
			"of payment %s %s can be given back: %s was captured, %s was given back, %s was lost to a bank in disputes, the rest is under way",
			a.payment.ID, a.money(left), a.payment.Captured, a.payment.Refunded, a.money(a.lost())).
			With("left", a.money(left).String())
	}
	return a.addRefund(Refund{
		Amount: a.money(amount), Origin: OriginRequest, Reason: request.Reason, Requester: request.Requester, Trace: request.Trace,
	}, dc), nil
}

// RefundAnswered records what came of a request for a refund. An answer
// for a refund that is decided or not the account's is ignored.
func (a *Account) RefundAnswered(id uuid.UUID, answer Answer, dc DecisionContext) {
	i := slices.IndexFunc(a.refunds, func(r Refund) bool { return r.ID == id })
	if i < 0 || a.refunds[i].Status != RefundPending {
		return
	}
	refund := &a.refunds[i]
	refund.UpdateTime = dc.Now
	a.touched = append(a.touched, id)
	if answer.Outcome == Pending && refund.ProviderRefundID == answer.ProviderID && refund.Attempts > 0 {
		refund.Polls++
		refund.Due = dc.next(refund.Due, answer, refund.Attempts+refund.Polls)
		return
	}
	refund.Attempts++
	a.attempts = append(a.attempts, answer.attempt(id, refund.Attempts))
	switch answer.Outcome {
	case Succeeded:
		a.give(refund, answer, dc)
	case Declined:
		refund.Status = RefundFailed
		refund.FailureCode = cut(answer.Detail, MaxCode)
		refund.Due = time.Time{}
		if refund.refusedForGood(refund.Amount.Amount) && refund.FailureCode != CodeDisputed && a.payment.OrderCancelled {
			a.refundRest(answer.Trace, dc) // less may be left by now than was requested
		}
	case Pending:
		refund.known(answer.ProviderID)
		refund.Due = dc.next(refund.Due, answer, refund.Attempts+refund.Polls)
	default:
		refund.Due = dc.next(refund.Due, answer, refund.Attempts+refund.Polls)
	}
}

// give notes that a refund's money was given back.
func (a *Account) give(refund *Refund, answer Answer, dc DecisionContext) {
	a.payment.Version++
	a.payment.Refunded.Amount += refund.Amount.Amount
	a.payment.Status = PaymentPartiallyRefunded
	if a.payment.Refunded == a.payment.Captured {
		a.payment.Status = PaymentRefunded
	}
	a.touch(dc)
	refund.Status = RefundSucceeded
	refund.known(answer.ProviderID)
	refund.Version = a.payment.Version
	refund.Due = time.Time{}
	a.publishRefund(*refund, answer.Trace)
	if refund.Origin == OriginProvider && a.payment.OrderCancelled {
		a.refundRest(answer.Trace, dc) // a request for all of it was refused, or will be
	}
}
