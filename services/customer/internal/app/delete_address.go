package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
)

// DeleteAddress removes an address of a customer. Errors: CUSTOMER_NOT_FOUND,
// ADDRESS_NOT_FOUND.
func (s *Customers) DeleteAddress(ctx context.Context, customer, address uuid.UUID) error {
	_, err := s.change(ctx, customer, func(before domain.Customer) (domain.Customer, bool, error) {
		next, err := before.RemoveAddress(address, s.Now())
		return next, true, err
	}, func(ctx context.Context, st store.Store) error {
		return st.DeleteAddress(ctx, address)
	})
	return err
}
