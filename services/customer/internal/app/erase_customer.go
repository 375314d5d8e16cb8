package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
)

// EraseCustomer blanks all that is known about a person, and publishes CustomerErased,
// on which every other context does the same. It refuses while orders are paid and not shipped, because
// nobody could ship them any more, unless evenOpenOrders is set; an order that is paid
// during the erasure is not seen. Erasing again changes nothing; the event is
// published again, under its own identity, for a context that lost it. Errors:
// CUSTOMER_NOT_FOUND, CUSTOMER_HAS_OPEN_ORDERS, UNAVAILABLE when order is away.
func (s *Customers) EraseCustomer(ctx context.Context, id uuid.UUID, evenOpenOrders bool) (domain.Snapshot, error) {
	customer, err := load(ctx, store.On(s.Pool.Hot()), id, mayWrite)
	if err != nil {
		return domain.Snapshot{}, err
	}
	if !customer.Snapshot().Erased && !evenOpenOrders {
		if err := s.refuseOpenOrders(ctx, domain.Person{CustomerID: id}); err != nil {
			return domain.Snapshot{}, err
		}
	}
	var left domain.Customer
	err = s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := store.On(tx)
		if err := st.LockCustomer(ctx, id); err != nil {
			return err
		}
		customer, err := st.Customer(ctx, id)
		if err != nil {
			return err
		}
		var changed bool
		left, changed = customer.Erase(s.Now())
		record(ctx, customer, left)
		if changed {
			if err := st.UpdateCustomer(ctx, left); err != nil {
				return err
			}
			if err := st.DeleteAddresses(ctx, id); err != nil {
				return err
			}
			if err := st.EraseSignInAddress(ctx, id); err != nil {
				return err
			}
		}
		return s.publish(ctx, tx, left)
	})
	return left.Snapshot(), err
}

func (s *Customers) refuseOpenOrders(ctx context.Context, person domain.Person) error {
	numbers, err := s.OpenOrders(ctx, person)
	if err != nil {
		return err
	}
	if len(numbers) > 0 {
		return domain.ErrOpenOrders(numbers)
	}
	return nil
}
