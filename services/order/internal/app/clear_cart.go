package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// Clear takes everything out of the caller's cart. Errors: CART_NOT_FOUND, ETAG_MISMATCH,
// CUSTOMER_ERASED.
func (s *Carts) Clear(ctx context.Context, etag string) (PricedCart, error) {
	ref, err := cartOf(authz.Caller(ctx))
	if err != nil {
		return PricedCart{}, err
	}
	if ref.IsZero() {
		return PricedCart{}, domain.ErrCartNotFound()
	}
	return s.change(ctx, ref, etag, nil, func(cart *domain.Cart, _ map[string]domain.Product) error {
		cart.Clear(s.Now())
		return nil
	})
}
