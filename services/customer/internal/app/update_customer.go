package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
)

// UpdateCustomer changes a customer. An etag that is set must be the current one.
// Errors: CUSTOMER_NOT_FOUND, ETAG_MISMATCH, CUSTOMER_ERASED, INVALID_FIELD,
// EMAIL_TAKEN.
func (s *Customers) UpdateCustomer(ctx context.Context, id uuid.UUID, etag string, change domain.CustomerChange) (domain.Snapshot, error) {
	customer, err := s.change(ctx, id, func(customer domain.Customer) (domain.Customer, bool, error) {
		if err := customer.CheckEtag(etag); err != nil {
			return domain.Customer{}, false, err
		}
		return customer.Change(change, s.Now())
	}, noAddresses)
	return customer.Snapshot(), err
}
