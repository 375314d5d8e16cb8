package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// beginning is a request that makes a guest's cart.
type beginning struct {
	rpc string
	// requestID is uuid.Nil for a request that has none.
	requestID uuid.UUID
	request   proto.Message
	// code is the product's, and etag what the request says that the cart's is.
	code, etag string
}

// begin makes a guest's cart. The same request gets the same cart and the same token, and
// repeated is true: the stored answer names the cart, and the token is derived from the cart's
// id.
func (s *Carts) begin(
	ctx context.Context, first beginning, put func(*domain.Cart, map[string]domain.Product) error,
) (cart PricedCart, newToken string, repeated bool, err error) {
	made := s.NewID()
	text, err := s.Tokens.cart(ctx, made)
	if err != nil {
		return PricedCart{}, "", false, err
	}
	id, err := s.beginOnce(ctx, first, func(ctx context.Context, tx *pg.Tx) (uuid.UUID, error) {
		products, err := store.On(tx).ListProducts(ctx, []string{first.code})
		if err != nil {
			return made, err
		}
		cart := domain.NewGuestCart(made, s.NewID(), token.Hash(text), s.Now())
		if err := cart.CheckEtag(first.etag); err != nil {
			return made, err
		}
		if err := put(cart, products); err != nil {
			return made, err
		}
		return made, store.On(tx).InsertCart(ctx, cart)
	})
	if err != nil {
		return PricedCart{}, "", false, err
	}
	if text, err = s.Tokens.cart(ctx, id); err != nil {
		return PricedCart{}, "", false, err
	}
	cart, err = s.get(ctx, store.CartOfToken(token.Hash(text)))
	return cart, text, id != made, err
}

// beginOnce runs insert, which returns the id of the cart that it made; for a request that
// was answered before it returns the id of the cart that was made then.
func (s *Carts) beginOnce(
	ctx context.Context, first beginning, insert func(context.Context, *pg.Tx) (uuid.UUID, error),
) (id uuid.UUID, err error) {
	if first.requestID == uuid.Nil {
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
	key := idempotency.Key{Caller: caller, RPC: first.rpc, RequestID: first.requestID}
	made, err := idempotency.Run(ctx, s.Pool.Hot(), key, first.request, &orderv1.SetCartItemResponse{},
		func(ctx context.Context, tx *pg.Tx) (*orderv1.SetCartItemResponse, error) {
			id, err := insert(ctx, tx)
			return &orderv1.SetCartItemResponse{Cart: &orderv1.Cart{Id: id.String()}}, err
		})
	if err != nil {
		return uuid.Nil, err
	}
	if id, err = uuid.Parse(made.GetCart().GetId()); err != nil {
		err = fmt.Errorf("the stored answer to %s names no cart: %w", first.requestID, err)
	}
	return id, err
}
