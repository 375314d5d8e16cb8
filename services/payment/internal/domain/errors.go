package domain

import "github.com/shopmesh/shopmesh/kit/fault"

// The reasons of this context.
const (
	ReasonPaymentNotFound       fault.Reason = "PAYMENT_NOT_FOUND"
	ReasonPaymentState          fault.Reason = "PAYMENT_STATE"
	ReasonRefundTooLarge        fault.Reason = "REFUND_TOO_LARGE"
	ReasonCurrencyMismatch      fault.Reason = "CURRENCY_MISMATCH"
	ReasonContradictionNotFound fault.Reason = "CONTRADICTION_NOT_FOUND"
)

// ErrPaymentNotFound reports that no payment has this id.
func ErrPaymentNotFound(id string) *fault.Error {
	return fault.New(fault.NotFound, ReasonPaymentNotFound, "there is no payment %s", id).With("payment_id", id)
}

// ErrContradictionNotFound reports that no contradiction has this id.
func ErrContradictionNotFound(id string) *fault.Error {
	return fault.New(fault.NotFound, ReasonContradictionNotFound, "there is no contradiction %s", id).With("contradiction_id", id)
}
