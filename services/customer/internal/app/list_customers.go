package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
)

// ListCustomers returns a page of customers. Errors: FILTER_INVALID, PAGE_TOKEN_INVALID,
// INVALID_FIELD.
func (s *Customers) ListCustomers(ctx context.Context, req page.Request) (page.Page[domain.Snapshot], error) {
	return store.On(s.Pool).ListCustomers(ctx, req)
}
