package domain

import (
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// The reasons that order refuses with.
const (
	ReasonOrderNotFound        fault.Reason = "ORDER_NOT_FOUND"
	ReasonOrderState           fault.Reason = "ORDER_STATE"
	ReasonPriceChanged         fault.Reason = "PRICE_CHANGED"
	ReasonCurrencyMixed        fault.Reason = "CURRENCY_MIXED"
	ReasonDuplicateLine        fault.Reason = "DUPLICATE_LINE"
	ReasonTotalTooLarge        fault.Reason = "TOTAL_TOO_LARGE"
	ReasonTooManyUnpaidOrders  fault.Reason = "TOO_MANY_UNPAID_ORDERS"
	ReasonPaymentMethodUnknown fault.Reason = "PAYMENT_METHOD_UNKNOWN"
	ReasonPaymentMethodUnfit   fault.Reason = "PAYMENT_METHOD_UNFIT"
	ReasonOrderRefunded        fault.Reason = "ORDER_REFUNDED"
	ReasonProductNotFound      fault.Reason = "PRODUCT_NOT_FOUND"
	ReasonProductArchived      fault.Reason = "PRODUCT_ARCHIVED"
	ReasonCustomerErased       fault.Reason = "CUSTOMER_ERASED"
	ReasonOrdersBacklogged     fault.Reason = "ORDERS_BACKLOGGED"
	ReasonCartNotFound         fault.Reason = "CART_NOT_FOUND"
)

// The ways in which an event can contradict what the order knows. Such an event is
// never applied and never dropped: it is set aside for an operator to see.
var (
	// ErrForeignPayment is an event about another payment than the order's.
	ErrForeignPayment = errors.New("the payment is not this order's")
	// ErrAmount is an amount that is not what the order knows.
	ErrAmount = errors.New("the amount is not what the order knows")
	// ErrNotPaid is a refund of an order whose capture is not known.
	ErrNotPaid = errors.New("a refund for an order that was not paid")
)

// ErrOrderNotFound reports that there is no such order, or none of the caller's.
func ErrOrderNotFound(id string) *fault.Error {
	return fault.New(fault.NotFound, ReasonOrderNotFound, "there is no order with the id %s", id)
}

// ErrCartNotFound reports that there is no such cart, or that the caller's token is not its.
func ErrCartNotFound() *fault.Error {
	return fault.New(fault.NotFound, ReasonCartNotFound, "the token belongs to no cart, or to one that expired or was merged: begin a new one")
}

// errCustomerErased reports that nothing is kept any more for a customer.
func errCustomerErased(customer uuid.UUID, what string) *fault.Error {
	return fault.New(fault.FailedPrecondition, ReasonCustomerErased, "the data of customer %s was erased: %s", customer, what)
}

// ErrCartOfErased reports that a customer whose data was erased can't have a cart.
func ErrCartOfErased(customer uuid.UUID) *fault.Error {
	return errCustomerErased(customer, "they can't have a cart")
}

// ErrClaimOfErased reports that a customer whose data was erased can't claim an order.
func ErrClaimOfErased(customer uuid.UUID) *fault.Error {
	return errCustomerErased(customer, "no order can become theirs")
}

// ErrNothingToOrder reports that a request names neither lines nor a cart with something in it.
func ErrNothingToOrder(text string) *fault.Error {
	return fault.Fields(fault.Violation{Field: "lines", Description: text})
}

// ErrBacklogged is the refusal of an order that was not taken because too many wait to be worked off.
func ErrBacklogged() *fault.Error {
	return fault.New(fault.Exhausted, ReasonOrdersBacklogged,
		"the shop has more orders than it completes in time, and did not take this one: try again after the delay")
}

// errOrderRefunded reports that an order was refunded in full, or that a bank took the
// money back, so that sending it would give its goods away.
func errOrderRefunded(o *Order) *fault.Error {
	return fault.New(fault.FailedPrecondition, ReasonOrderRefunded,
		"the customer of order %s has all of %s back: cancel it, or set ship_refunded to send it all the same", o.s.Number, o.s.Captured).
		Field("ship_refunded", "must be set to ship an order that was refunded in full")
}

// errNotEditable reports that the order's state does not allow to correct fields.
func errNotEditable(o *Order, fields []string, rule string) *fault.Error {
	refused := fault.New(fault.FailedPrecondition, ReasonOrderState, "order %s is %s: %s", o.s.Number, o.s.State, rule).
		With("state", o.s.State.String())
	for _, field := range fields {
		refused = refused.Field("order."+field, rule)
	}
	return refused
}

// refuseMove reports that the order's state does not allow a move, and which it does.
func (o *Order) refuseMove(verb string) *fault.Error {
	var allowed []string
	for _, next := range o.s.State.Moves() {
		allowed = append(allowed, next.String())
	}
	what := "it is final"
	if len(allowed) > 0 {
		what = "it can come to " + strings.Join(allowed, " or ") + " from there"
	}
	return fault.New(fault.FailedPrecondition, ReasonOrderState,
		"order %s can't be %s: it is %s, and %s", o.s.Number, verb, o.s.State, what).
		With("state", o.s.State.String()).With("allowed", strings.Join(allowed, ","))
}
