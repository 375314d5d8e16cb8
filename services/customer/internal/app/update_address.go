package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

// UpdateAddress replaces a customer's address of the same id. Errors:
// CUSTOMER_NOT_FOUND, INVALID_FIELD, ADDRESS_NOT_FOUND.
func (s *Customers) UpdateAddress(ctx context.Context, customer uuid.UUID, address domain.Address) (domain.Address, error) {
	_, err := s.change(ctx, customer, func(before domain.Customer) (domain.Customer, bool, error) {
		return before.ReplaceAddress(address, s.Now())
	}, func(ctx context.Context, queries *db.Queries) error {
		row, err := store.UpdateAddress(address)
		if err != nil {
			return err
		}
		return queries.AddressUpdate(ctx, row)
	})
	return address, err
}
