package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
)

// Update changes a customer. An etag that is set must be the current one. Errors:
// CUSTOMER_NOT_FOUND, ETAG_MISMATCH, CUSTOMER_ERASED, INVALID_FIELD, EMAIL_TAKEN.
func (s *Customers) Update(ctx context.Context, id uuid.UUID, etag string, change domain.CustomerChange) (domain.Customer, error) {
	return s.change(ctx, id, func(customer domain.Customer) (domain.Customer, bool, error) {
		if err := customer.CheckEtag(etag); err != nil {
			return domain.Customer{}, false, err
		}
		return customer.Change(change, s.Now())
	}, noAddresses)
}
