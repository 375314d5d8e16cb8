package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

// CreateAddress gives a customer one address more. Errors: CUSTOMER_NOT_FOUND,
// CUSTOMER_ERASED, INVALID_FIELD, TOO_MANY_ADDRESSES.
func (s *Customers) CreateAddress(ctx context.Context, customer uuid.UUID, address domain.Address) (domain.Address, error) {
	var added domain.Address
	_, err := s.change(ctx, customer, func(before domain.Customer) (next domain.Customer, changed bool, err error) {
		next, added, err = before.AddAddress(address, s.NewID(), s.Now())
		return next, true, err
	}, func(ctx context.Context, queries *db.Queries) error {
		row, err := store.InsertAddress(customer, added)
		if err != nil {
			return err
		}
		return queries.AddressInsert(ctx, row)
	})
	return added, err
}
