package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Claim makes a guest's order the caller's by its token. A customer who can sign in has
// verified their e-mail address: before that there is no account. Errors: ORDER_NOT_FOUND,
// CUSTOMER_ERASED; PERMISSION_DENIED for callers who are no customers.
func (s *Orders) Claim(ctx context.Context, id uuid.UUID, guestToken string) (order *domain.Order, history []domain.Entry, err error) {
	caller := authz.Caller(ctx)
	if caller.Kind != authz.Customer {
		return nil, nil, fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied, "only customers claim orders: sign in as one")
	}
	customer, err := customerID(caller)
	if err != nil {
		return nil, nil, err
	}
	shown, err := token.ReadGuestOrder(guestToken)
	if err != nil || shown.OrderID != id {
		return nil, nil, domain.ErrOrderNotFound(id.String())
	}
	if _, err := s.Tokens.load(ctx); err != nil {
		return nil, nil, err
	}
	err = s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		ids := []uuid.UUID{id}
		found, err := store.On(tx).LockOrders(ctx, domain.LoadSpec{Orders: ids, Lines: ids})
		if err != nil {
			return err
		}
		if order = found[id]; order == nil {
			return domain.ErrOrderNotFound(id.String())
		}
		if order.CustomerID() == customer {
			activity.Unchanged(ctx)
		} else {
			activity.Changed(ctx, "orders/"+id.String(), nil, nil)
			if err := s.claim(ctx, tx, order, customer, shown); err != nil {
				return err
			}
		}
		history, err = store.On(tx).History(ctx, id)
		return err
	})
	return order, history, err
}

func (s *Orders) claim(ctx context.Context, tx *pg.Tx, order *domain.Order, customer uuid.UUID, shown authz.GuestOrder) error {
	open, err := s.Tokens.open(ctx, shown, order, s.Now())
	if err != nil {
		return err
	}
	if !open {
		return domain.ErrOrderNotFound(order.ID().String())
	}
	erased, err := store.On(tx).IsErased(ctx, customer)
	if err != nil {
		return err
	}
	if erased {
		return domain.ErrClaimOfErased(customer)
	}
	return s.save(ctx, tx, []domain.Decided{{Order: order, Decision: order.Claim(customer, s.cause(ctx))}})
}
