package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
)

// ExportCustomer returns all that the shop holds about a customer. Errors:
// CUSTOMER_NOT_FOUND, UNAVAILABLE when another context is away.
func (s *Customers) ExportCustomer(ctx context.Context, id uuid.UUID) (domain.Snapshot, Records, error) {
	customer, err := load(ctx, store.On(s.Pool.Hot()), id, mayRead)
	if err != nil {
		return domain.Snapshot{}, Records{}, err
	}
	records, err := s.Records(ctx, domain.Person{CustomerID: id})
	return customer.Snapshot(), records, err
}

// ExportGuest returns all that the shop holds about a guest. Errors: INVALID_FIELD,
// PERMISSION_DENIED, UNAVAILABLE when another context is away.
func (s *Customers) ExportGuest(ctx context.Context, email string) (Records, error) {
	if !authz.Caller(ctx).May(mayRead) {
		return Records{}, domain.ErrGuestsNeedStaff()
	}
	key, err := domain.GuestKey(email)
	if err != nil {
		return Records{}, err
	}
	return s.Records(ctx, domain.Person{EmailKey: key})
}
