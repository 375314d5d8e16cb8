package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

// Erase blanks all that is known about a person, and has every other context do
// the same. Erasing again changes nothing; the event is said again, under its own
// identity, so that a context that lost it can be told. Errors: CUSTOMER_NOT_FOUND.
func (s *Customers) Erase(ctx context.Context, id uuid.UUID) (domain.Customer, error) {
	var left domain.Customer
	err := s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		queries := db.New(tx)
		if err := queries.CustomerLock(ctx, id); err != nil {
			return err
		}
		customer, err := load(ctx, queries, id)
		if err != nil {
			return err
		}
		var changed bool
		if left, changed = customer.Erase(s.Now()); changed {
			if err := queries.CustomerUpdate(ctx, store.UpdateCustomer(left)); err != nil {
				return err
			}
			if err := queries.AddressDeleteAll(ctx, id); err != nil {
				return err
			}
		}
		return s.announce(ctx, tx, left)
	})
	if err != nil {
		return domain.Customer{}, err
	}
	return left, nil
}
