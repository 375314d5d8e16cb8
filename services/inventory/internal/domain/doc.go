// Package domain holds the rules of the stock: what may be adjusted, what an
// order's events do to its reservation, and what follows from them. Its decisions
// are pure functions of loaded state, events and the time.
package domain

import "github.com/shopmesh/shopmesh/kit/fault"

// The reasons that this context states.
const (
	// ReasonProductNotFound means that no product has this id or code.
	ReasonProductNotFound fault.Reason = "PRODUCT_NOT_FOUND"
	// ReasonStockInsufficient means that less would be on hand than is reserved.
	ReasonStockInsufficient fault.Reason = "STOCK_INSUFFICIENT"
	// ReasonStockTooLarge means that more would be on hand than may be.
	ReasonStockTooLarge fault.Reason = "STOCK_TOO_LARGE"
)
