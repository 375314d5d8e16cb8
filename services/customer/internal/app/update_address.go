package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
)

// UpdateAddress changes a customer's address to what edit makes of it. Errors: CUSTOMER_NOT_FOUND, ADDRESS_NOT_FOUND, INVALID_FIELD,
// and edit's.
func (s *Customers) UpdateAddress(ctx context.Context, customer, id uuid.UUID,
	edit func(domain.Address) (domain.Address, error),
) (domain.Address, error) {
	var address domain.Address
	_, err := s.change(ctx, customer, func(before domain.Customer) (next domain.Customer, changed bool, err error) {
		next, address, changed, err = before.ChangeAddress(id, edit, s.Now())
		return next, changed, err
	}, func(ctx context.Context, st store.Store) error {
		return st.UpdateAddress(ctx, address)
	})
	return address, err
}
