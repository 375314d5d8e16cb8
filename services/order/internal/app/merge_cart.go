package app

import (
	"context"

	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Merge moves what is in a guest's cart into that of the customer who calls. Both are locked
// meanwhile, so that of two merges at once the second sees the first, and a cart that this
// customer merged before adds nothing again. Errors: CART_NOT_FOUND, CUSTOMER_ERASED,
// REQUEST_ID_REUSED, INVALID_FIELD; PERMISSION_DENIED for callers who are no customers.
func (s *Carts) Merge(ctx context.Context, requestID uuid.UUID, request *orderv1.MergeCartRequest) (PricedCart, error) {
	caller := authz.Caller(ctx)
	if caller.Kind != authz.Customer {
		return PricedCart{}, fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied, "only customers have a cart to merge into")
	}
	own, err := cartOf(caller)
	if err != nil {
		return PricedCart{}, err
	}
	guests, err := cartByToken(request.GetCartToken())
	if err != nil {
		return PricedCart{}, err
	}
	key := idempotency.Key{Caller: caller.Key(), RPC: "MergeCart", RequestID: requestID}
	request = &orderv1.MergeCartRequest{CartToken: hidden(guests), RequestId: request.GetRequestId()}
	_, err = idempotency.Run(ctx, s.Pool.Hot(), key, request, &orderv1.MergeCartResponse{},
		func(ctx context.Context, tx *pg.Tx) (*orderv1.MergeCartResponse, error) {
			return &orderv1.MergeCartResponse{}, s.merge(ctx, tx, own, guests)
		})
	if err != nil {
		return PricedCart{}, err
	}
	return s.get(ctx, own)
}

func (s *Carts) merge(ctx context.Context, tx *pg.Tx, own, guests store.CartRef) error {
	carts, err := s.lock(ctx, tx, nil, own, guests)
	if err != nil {
		return err
	}
	if merged := carts.Found[guests]; merged != nil && merged.Snapshot().MergedInto == own.Customer() {
		return nil
	}
	into, from := s.usable(carts, own), s.usable(carts, guests)
	if from == nil {
		return domain.ErrCartNotFound()
	}
	if err := into.Merge(from, s.Now()); err != nil {
		return err
	}
	if err := store.On(tx).SaveCart(ctx, into); err != nil {
		return err
	}
	return store.On(tx).SaveCart(ctx, from)
}
