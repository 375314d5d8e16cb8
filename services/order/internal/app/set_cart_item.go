package app

import (
	"context"

	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// SetItem sets how many of a product are in the caller's cart. A caller without a cart gets
// a new one, and its token. Errors: CART_NOT_FOUND, PRODUCT_NOT_FOUND, PRODUCT_ARCHIVED,
// CURRENCY_MIXED, TOTAL_TOO_LARGE, CUSTOMER_ERASED, ETAG_MISMATCH, REQUEST_ID_REUSED,
// INVALID_FIELD.
func (s *Carts) SetItem(ctx context.Context, requestID uuid.UUID, request *orderv1.SetCartItemRequest) (cart PricedCart, newToken string, err error) {
	ref, err := cartOf(authz.Caller(ctx))
	if err != nil {
		return cart, "", err
	}
	err = s.products.learning(ctx, func(lookedUp bool) (err error) {
		set := func(cart *domain.Cart, products map[string]domain.Product) error {
			code := request.GetProductCode()
			if _, known := products[code]; !known && !lookedUp && request.GetQuantity() > 0 {
				return &productsUnknown{codes: []string{code}}
			}
			return cart.Set(code, request.GetQuantity(), products, s.Now())
		}
		if ref.IsZero() {
			first := beginning{rpc: "SetCartItem", requestID: requestID, request: request, code: request.GetProductCode(), etag: request.GetEtag()}
			cart, newToken, _, err = s.begin(ctx, first, set)
			return err
		}
		cart, err = s.change(ctx, ref, request.GetEtag(), []string{request.GetProductCode()}, set)
		return err
	})
	return cart, newToken, err
}
