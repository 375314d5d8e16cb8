package domain

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/money"
)

// RefundRequest is somebody's request to give money back.
type RefundRequest struct {
	// Amount is how much; nil gives back what the lines come to, and without lines all that
	// is left.
	Amount *money.Money
	Reason string
	// Lines are what it is for; none for no line in particular. Ordered are the order's.
	Lines   []RefundLine
	Ordered []OrderedLine
	// Requester is the key of who requests it.
	Requester string
	Trace     string
}

// Refund decides about a request to give money back. Refunds that are pending count
// as given back. Errors: PAYMENT_STATE when nothing is captured or all was given
// back, CURRENCY_MISMATCH, REFUND_TOO_LARGE also for more of a line than is left of it, and
// INVALID_FIELD for an amount that is not more than 0 or more than the lines come to, for a
// line that was not ordered, or for a reason that is no text.
func (a *Account) Refund(request RefundRequest, dc DecisionContext) (Refund, error) {
	if err := grammar.Text(request.Reason, maxTyped); err != nil {
		return Refund{}, fault.Fields(fault.Breaks("reason", err))
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
	if len(request.Lines) > 0 {
		worth, err := a.worth(request)
		if err != nil {
			return Refund{}, err
		}
		amount = worth.Amount
	}
	if request.Amount != nil {
		if request.Amount.Currency != a.payment.Amount.Currency {
			return Refund{}, fault.New(fault.FailedPrecondition, ReasonCurrencyMismatch,
				"payment %s is in %s, not in %s", a.payment.ID, a.payment.Amount.Currency, request.Amount.Currency).
				With("currency", a.payment.Amount.Currency)
		}
		if len(request.Lines) > 0 && request.Amount.Amount > amount {
			return Refund{}, fault.Fields(fault.Violation{
				Field: "amount", Description: fmt.Sprintf("must be at most %s, which the lines come to", a.money(amount)),
			})
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
		Amount: a.money(amount), Origin: OriginRequest, Reason: request.Reason, Lines: request.Lines, Requester: request.Requester, Trace: request.Trace,
	}, dc), nil
}

// worth is what the lines of a request come to. No more of a line is given back than was
// ordered, in all refunds that name it and did not fail. Errors: INVALID_FIELD,
// REFUND_TOO_LARGE.
func (a *Account) worth(request RefundRequest) (money.Money, error) {
	sum := a.money(0)
	for i, line := range request.Lines {
		field := fmt.Sprintf("lines[%d]", i)
		at := slices.IndexFunc(request.Ordered, func(o OrderedLine) bool { return o.ProductCode == line.ProductCode })
		if at < 0 {
			return sum, fault.Fields(fault.Violation{Field: field + ".product_code", Description: fmt.Sprintf("order %s has no line of %q", a.payment.OrderID, line.ProductCode)})
		}
		ordered := request.Ordered[at]
		if left := ordered.Quantity - a.refundedOf(line.ProductCode); line.Quantity > left {
			return sum, fault.New(fault.FailedPrecondition, ReasonRefundTooLarge,
				"of %d %s that were ordered, %d can still be given back, not %d", ordered.Quantity, line.ProductCode, left, line.Quantity).
				Field(field+".quantity", fmt.Sprintf("must be at most %d, which is left of the line", left)).With("left", strconv.Itoa(int(left)))
		}
		part, err := ordered.UnitPrice.Mul(int64(line.Quantity))
		if err != nil {
			return sum, err
		}
		if sum, err = sum.Add(part); err != nil {
			return sum, err
		}
	}
	if sum.IsZero() {
		return sum, fault.Fields(fault.Violation{Field: "lines", Description: "must come to more than 0: what was ordered for nothing is not given back"})
	}
	return sum, nil
}

// refundedOf is how many of a line are in refunds that did not fail.
func (a *Account) refundedOf(productCode string) int32 {
	var sum int32
	for _, refund := range a.refunds {
		for _, line := range refund.Lines {
			if line.ProductCode == productCode && refund.Status != RefundFailed {
				sum += line.Quantity
			}
		}
	}
	return sum
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
