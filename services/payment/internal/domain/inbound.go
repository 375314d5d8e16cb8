package domain

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
)

// RequesterOrder is who requests the refunds of cancelled orders.
const RequesterOrder = "service/order"

// InboundEvent is what an event of an order means for its payment: exactly one of Awaiting and
// Cancelled is set.
type InboundEvent struct {
	OrderID   uuid.UUID
	Awaiting  *AwaitingPayment
	Cancelled *Cancelled
	// Trace is the traceparent of the event; may be empty.
	Trace string
}

// ClaimedOrder is a guest's order that became a customer's, with its payment.
type ClaimedOrder struct {
	OrderID, CustomerID uuid.UUID
}

// AwaitingPayment is the request for the money of an order.
type AwaitingPayment struct {
	PaymentID uuid.UUID
	Total     money.Money
	Method    string
	// CustomerID is Payment's.
	CustomerID uuid.UUID
}

// Cancelled reports that an order ended.
type Cancelled struct {
	// PaymentID is the order's payment; the nil id when it has none.
	PaymentID uuid.UUID
	// Currency is the order's; empty when unknown.
	Currency string
	// PaymentRequested reports whether the money was requested before.
	PaymentRequested bool
}

// NewAwaitingPayment refuses what can't be charged: a nil payment id, a negative
// total, and a method beyond its bound.
func NewAwaitingPayment(paymentID uuid.UUID, total money.Money, method string) (AwaitingPayment, error) {
	switch {
	case paymentID == uuid.Nil:
		return AwaitingPayment{}, fmt.Errorf("an order awaits a payment without an id")
	case total.Amount < 0 || !money.Valid(total.Currency):
		return AwaitingPayment{}, fmt.Errorf("payment %s is of %q, which can't be charged", paymentID, total)
	case len(method) > MaxMethod:
		return AwaitingPayment{}, fmt.Errorf("payment %s has a method of %d bytes, at most %d are kept", paymentID, len(method), MaxMethod)
	}
	return AwaitingPayment{PaymentID: paymentID, Total: total, Method: method}, nil
}

// Apply decides what follows from an event of the account's order.
func (a *Account) Apply(e InboundEvent, dc DecisionContext) {
	switch {
	case e.Awaiting != nil:
		a.await(e.OrderID, *e.Awaiting, e.Trace, dc)
	case e.Cancelled != nil:
		a.cancel(e.OrderID, *e.Cancelled, e.Trace, dc)
	}
}

// await makes the payment, which is charged after the commit. A known payment
// republishes its recorded outcome, or what it waits for.
func (a *Account) await(orderID uuid.UUID, e AwaitingPayment, trace string, dc DecisionContext) {
	if a.known {
		a.publishOutcome(trace)
		return
	}
	none := money.Money{Currency: e.Total.Currency}
	a.known = true
	a.payment = Payment{
		ID: e.PaymentID, OrderID: orderID, Reference: dc.NewReference(), Amount: e.Total,
		Status: PaymentPending, Method: e.Method, Provider: dc.Provider(e.Method), Captured: none, Refunded: none,
		CustomerID: e.CustomerID,
		Due:        dc.Now.Add(dc.Lease), Version: RequestedVersion, Trace: trace, CreateTime: dc.Now, UpdateTime: dc.Now,
	}
	if e.Total.IsZero() {
		// Nothing is to be taken, and no provider takes nothing.
		a.close(PaymentCaptured, dc)
		a.publishOutcome(trace)
	}
}

// cancel keeps the order from keeping money: what is not charged is not charged
// any more, what is being charged is given back if it turns out captured, and what
// is captured is given back at once.
func (a *Account) cancel(orderID uuid.UUID, e Cancelled, trace string, dc DecisionContext) {
	switch {
	case !a.known:
		a.tombstone(orderID, e, trace, dc)
	case !a.stored && !a.payment.Decided():
		// Made in this very transaction: nothing was requested yet.
		a.payment.FailureCode, a.payment.OrderCancelled = CodeOrderCancelled, true
		a.payment.Provider = ""
		a.close(PaymentCancelled, dc)
		a.publishOutcome(trace)
	case a.payment.Status == PaymentFailed || a.payment.Status == PaymentCancelled:
		if e.PaymentRequested {
			a.publishOutcome(trace)
		}
	case a.payment.OrderCancelled:
		a.cancelAgain(trace, dc)
	default:
		a.payment.OrderCancelled = true
		if a.payment.Status == PaymentPending && a.payment.ChargeID != "" {
			a.payment.Due = dc.Now // what was opened is to be stopped
		}
		a.touch(dc)
		a.refundRest(trace, dc)
		a.publishRefunds(trace)
		a.publishDisputes(trace)
	}
}

// cancelAgain republishes what is recorded. A refund that the provider declined is
// requested again, as another refund.
func (a *Account) cancelAgain(trace string, dc DecisionContext) {
	a.publishOutcome(trace)
	a.publishRefunds(trace)
	a.publishDisputes(trace) // a cancelled order awaits a refund until it knows of those that were lost
	a.refundRest(trace, dc)
}

// publishRefunds republishes every refund that succeeded.
func (a *Account) publishRefunds(trace string) {
	for _, refund := range a.refunds {
		if refund.Status == RefundSucceeded {
			a.publishRefund(refund, trace)
		}
	}
}

// refundRest gives back all that is left, unless the provider would refuse that as it
// refused it before.
func (a *Account) refundRest(trace string, dc DecisionContext) {
	if !a.payment.HasMoney() {
		return
	}
	left := a.left()
	refused := slices.ContainsFunc(a.refunds, func(r Refund) bool {
		return r.refusedForGood(left) && (r.FailureCode != CodeDisputed || !a.disputesClosed())
	})
	if left > 0 && !refused {
		a.addRefund(Refund{
			Amount: a.money(left), Origin: OriginOrderCancelled, Reason: ReasonOrderCancelled, Requester: RequesterOrder, Trace: trace,
		}, dc)
	}
}

// tombstone keeps a tombstone, which refuses a later charge. It answers only an order
// that requested money before, because no other waits for an answer.
func (a *Account) tombstone(orderID uuid.UUID, e Cancelled, trace string, dc DecisionContext) {
	id := e.PaymentID
	if id == uuid.Nil {
		id = uuid.NewSHA1(orderID, []byte("payment"))
	}
	none := money.Money{Currency: e.Currency}
	if !money.Valid(none.Currency) {
		none.Currency = NoCurrency
	}
	a.known = true
	a.payment = Payment{
		ID: id, OrderID: orderID, Reference: dc.NewReference(), Amount: none, FailureCode: CodeOrderCancelled,
		Captured: none, Refunded: none, OrderCancelled: true, Trace: trace, CreateTime: dc.Now,
	}
	a.close(PaymentCancelled, dc)
	if e.PaymentRequested {
		a.publishOutcome(trace)
	}
}

// close decides the payment: the provider is called no more.
func (a *Account) close(status PaymentStatus, dc DecisionContext) {
	a.payment.Status = status
	a.payment.Version = OutcomeVersion
	a.payment.Due = time.Time{}
	a.payment.PendingReason = PendingUnknown
	a.touch(dc)
}

// touch marks the payment as changed now.
func (a *Account) touch(dc DecisionContext) {
	a.payment.UpdateTime = dc.Now
	a.changed = true
}
