package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
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
			cart, newToken, err = s.begin(ctx, requestID, request, set)
			return err
		}
		cart, err = s.change(ctx, ref, request.GetEtag(), []string{request.GetProductCode()}, set)
		return err
	})
	return cart, newToken, err
}

// begin makes a guest's cart. The same request gets the same cart and the same token: the
// stored answer names the cart, and the token is derived from the cart's id.
func (s *Carts) begin(
	ctx context.Context, requestID uuid.UUID, request *orderv1.SetCartItemRequest, set func(*domain.Cart, map[string]domain.Product) error,
) (PricedCart, string, error) {
	id := s.NewID()
	text, err := s.Tokens.cart(ctx, id)
	if err != nil {
		return PricedCart{}, "", err
	}
	id, err = s.beginOnce(ctx, requestID, request, func(ctx context.Context, tx *pg.Tx) (uuid.UUID, error) {
		products, err := store.On(tx).ListProducts(ctx, []string{request.GetProductCode()})
		if err != nil {
			return id, err
		}
		cart := domain.NewGuestCart(id, s.NewID(), token.Hash(text), s.Now())
		if err := cart.CheckEtag(request.GetEtag()); err != nil {
			return id, err
		}
		if err := set(cart, products); err != nil {
			return id, err
		}
		return id, store.On(tx).InsertCart(ctx, cart)
	})
	if err != nil {
		return PricedCart{}, "", err
	}
	if text, err = s.Tokens.cart(ctx, id); err != nil {
		return PricedCart{}, "", err
	}
	cart, err := s.get(ctx, store.CartOfToken(token.Hash(text)))
	return cart, text, err
}

// beginOnce runs insert, which returns the id of the cart that it made; for a request that
// was answered before it returns the id of the cart that was made then.
func (s *Carts) beginOnce(
	ctx context.Context, requestID uuid.UUID, request *orderv1.SetCartItemRequest, insert func(context.Context, *pg.Tx) (uuid.UUID, error),
) (id uuid.UUID, err error) {
	if requestID == uuid.Nil {
		err = s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
			id, err = insert(ctx, tx)
			return err
		})
		return id, err
	}
	caller, err := s.Tokens.callerKey(ctx, store.CartRef{})
	if err != nil {
		return uuid.Nil, err
	}
	key := idempotency.Key{Caller: caller, RPC: "SetCartItem", RequestID: requestID}
	made, err := idempotency.Run(ctx, s.Pool.Hot(), key, request, &orderv1.SetCartItemResponse{},
		func(ctx context.Context, tx *pg.Tx) (*orderv1.SetCartItemResponse, error) {
			id, err := insert(ctx, tx)
			return &orderv1.SetCartItemResponse{Cart: &orderv1.Cart{Id: id.String()}}, err
		})
	if err != nil {
		return uuid.Nil, err
	}
	if id, err = uuid.Parse(made.GetCart().GetId()); err != nil {
		err = fmt.Errorf("the stored answer to %s names no cart: %w", requestID, err)
	}
	return id, err
}
