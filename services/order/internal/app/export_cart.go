package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// ExportCart reads a customer's cart with the prices of now; an empty one where the customer
// put nothing in.
func (s *Carts) ExportCart(ctx context.Context, customer uuid.UUID) (PricedCart, error) {
	return s.get(ctx, store.CartOfCustomer(customer))
}
