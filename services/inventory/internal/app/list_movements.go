package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

// ListMovements returns a page of the ledger, newest first. Errors: FILTER_INVALID,
// PAGE_TOKEN_INVALID.
func (s *Stocks) ListMovements(ctx context.Context, request page.Request) (page.Page[domain.Movement], error) {
	query, err := store.MovementList().Parse(request)
	if err != nil {
		return page.Page[domain.Movement]{}, err
	}
	return store.On(s.Pool).ListMovements(ctx, query)
}
