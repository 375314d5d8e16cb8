package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
)

// List returns a page of customers and the token of the next one. Errors:
// FILTER_INVALID, PAGE_TOKEN_INVALID, INVALID_FIELD.
func (s *Customers) List(ctx context.Context, req page.Request) ([]domain.Customer, string, error) {
	return store.ListCustomers(ctx, s.Pool, req)
}
