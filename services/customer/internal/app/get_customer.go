package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
)

// GetCustomer reads a customer. Errors: CUSTOMER_NOT_FOUND.
func (s *Customers) GetCustomer(ctx context.Context, id uuid.UUID) (domain.Snapshot, error) {
	customer, err := load(ctx, store.On(s.Pool.Hot()), id, mayRead)
	return customer.Snapshot(), err
}
