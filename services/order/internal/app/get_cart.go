package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Get reads the caller's cart with the prices of now. Errors: CART_NOT_FOUND.
func (s *Carts) Get(ctx context.Context) (PricedCart, error) {
	ref, err := cartOf(authz.Caller(ctx))
	if err != nil {
		return PricedCart{}, err
	}
	return s.get(ctx, ref)
}

func (s *Carts) get(ctx context.Context, ref store.CartRef) (PricedCart, error) {
	if ref.IsZero() {
		return PricedCart{}, domain.ErrCartNotFound()
	}
	carts, err := store.On(s.Pool.Hot()).ReadCarts(ctx, store.CartSpec{Carts: []store.CartRef{ref}})
	if err != nil {
		return PricedCart{}, err
	}
	now := s.Now()
	cart := carts.Found[ref]
	switch {
	case cart != nil && cart.Usable(now):
		s.touch(ctx, cart)
		return s.withLastOrder(ctx, priced(cart, carts.Products))
	case ref.Customer() != uuid.Nil:
		return priced(domain.NewCustomerCart(ref.Customer(), now), nil), nil
	default:
		return PricedCart{}, domain.ErrCartNotFound()
	}
}

// touch keeps a cart that is read from being deleted, with one write a day. A write that
// fails, on a database that is read-only for a while, does not fail the read.
func (s *Carts) touch(ctx context.Context, cart *domain.Cart) {
	now := s.Now()
	if !cart.Stale(now) {
		return
	}
	if err := store.On(s.Pool.Hot()).TouchCart(ctx, cart, now); err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "could not note that a cart was read", "cart_id", cart.ID(), "error", err)
	}
}
