package app

import (
	"context"

	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// AddItem puts so many more of a product into the caller's cart, unless the same request did
// (docs/decisions/0066): then repeated is true. A caller without a cart gets a new one, and
// its token. Errors: CART_NOT_FOUND, PRODUCT_NOT_FOUND, PRODUCT_ARCHIVED, CURRENCY_MIXED,
// TOTAL_TOO_LARGE, CUSTOMER_ERASED, REQUEST_ID_REUSED, INVALID_FIELD.
func (s *Carts) AddItem(ctx context.Context, requestID uuid.UUID, request *orderv1.AddCartItemRequest) (cart PricedCart, newToken string, repeated bool, err error) {
	ref, err := cartOf(authz.Caller(ctx))
	if err != nil {
		return cart, "", false, err
	}
	code := request.GetProductCode()
	err = s.products.learning(ctx, func(lookedUp bool) (err error) {
		add := func(cart *domain.Cart, products map[string]domain.Product) (err error) {
			if _, known := products[code]; !known && !lookedUp {
				return &productsUnknown{codes: []string{code}}
			}
			repeated, err = cart.Add(requestID, code, request.GetQuantity(), products, s.Now())
			return err
		}
		if ref.IsZero() {
			cart, newToken, repeated, err = s.begin(ctx, beginning{rpc: "AddCartItem", requestID: requestID, request: request, code: code}, add)
			return err
		}
		cart, err = s.change(ctx, ref, "", []string{code}, add)
		return err
	})
	return cart, newToken, repeated, err
}
