package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

// Create adds a customer with its addresses, in one round trip. Errors:
// INVALID_FIELD, EMAIL_TAKEN.
func (s *Customers) Create(ctx context.Context, fields domain.CustomerFields) (domain.Customer, error) {
	customer, err := domain.NewCustomer(fields, s.NewID, s.Now())
	if err != nil {
		return domain.Customer{}, err
	}
	err = s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		queries := db.New(tx)
		if err := queries.CustomerInsert(ctx, store.InsertCustomer(customer)); err != nil {
			return err
		}
		for _, address := range customer.Addresses {
			row, err := store.InsertAddress(customer.ID, address)
			if err != nil {
				return err
			}
			if err := queries.AddressInsert(ctx, row); err != nil {
				return err
			}
		}
		return s.announce(ctx, tx, customer)
	})
	if err != nil {
		return domain.Customer{}, customerFault(err)
	}
	return customer, nil
}
