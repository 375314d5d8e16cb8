package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

// ListMovements returns a page of the ledger, newest first, and the token of the
// next. Errors: FILTER_INVALID, PAGE_TOKEN_INVALID.
func (s *Stocks) ListMovements(ctx context.Context, request page.Request) ([]domain.Movement, string, error) {
	query, err := store.MovementList().Parse(request)
	if err != nil {
		return nil, "", err
	}
	movements, err := store.On(s.Pool).ListMovements(ctx, query)
	if err != nil {
		return nil, "", err
	}
	return page.Cut(query, movements, func(m domain.Movement) []any {
		return query.Cursor(map[string]any{"id": m.ID}, m.ProductID)
	})
}
