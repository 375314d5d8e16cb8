package domain

import (
	"strconv"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// The reasons of this context.
const (
	// ReasonProductNotFound means that no product has this id or code.
	ReasonProductNotFound fault.Reason = "PRODUCT_NOT_FOUND"
	// ReasonStockInsufficient means that less would be on hand than is reserved.
	ReasonStockInsufficient fault.Reason = "STOCK_INSUFFICIENT"
	// ReasonStockTooLarge means that more would be on hand than may be.
	ReasonStockTooLarge fault.Reason = "STOCK_TOO_LARGE"
)

// ErrProductNotFound reports that no product has this value in the field that it was
// looked up by, such as product_code.
func ErrProductNotFound(field, value string) *fault.Error {
	return fault.New(fault.NotFound, ReasonProductNotFound, "there is no product with %s %s", field, value).With(field, value)
}

// errStockInsufficient reports that delta would take what is reserved.
func errStockInsufficient(s Stock, delta int64) *fault.Error {
	return fault.New(fault.FailedPrecondition, ReasonStockInsufficient,
		"%s has %d on hand, of which %d are reserved: %d can't be taken; take at most %d",
		s.s.ProductCode, s.s.OnHand, s.s.Reserved, -delta, s.Available()).
		With("product_code", s.s.ProductCode).
		With("on_hand", strconv.FormatInt(s.s.OnHand, 10)).
		With("reserved", strconv.FormatInt(s.s.Reserved, 10)).
		With("available", strconv.FormatInt(s.Available(), 10))
}

// errStockTooLarge reports that delta would leave more than MaxAdjusted on hand.
func errStockTooLarge(s Stock, delta int64) *fault.Error {
	return fault.New(fault.FailedPrecondition, ReasonStockTooLarge,
		"%s has %d on hand: %d more would exceed %d; add at most %d",
		s.s.ProductCode, s.s.OnHand, delta, MaxAdjusted, max(0, MaxAdjusted-s.s.OnHand)).
		With("product_code", s.s.ProductCode).With("on_hand", strconv.FormatInt(s.s.OnHand, 10))
}
