package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

// Get reads a customer. Errors: CUSTOMER_NOT_FOUND.
func (s *Customers) Get(ctx context.Context, id uuid.UUID) (domain.Customer, error) {
	return load(ctx, db.New(s.Pool.Hot()), id)
}
