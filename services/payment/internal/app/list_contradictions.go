package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// ListContradictions reads a page, newest first; FILTER_INVALID, PAGE_TOKEN_INVALID.
func (p Payments) ListContradictions(ctx context.Context, request page.Request) ([]domain.Contradiction, string, error) {
	query, err := store.Contradictions().Parse(request)
	if err != nil {
		return nil, "", err
	}
	rows, err := store.On(p.Pool).ListContradictions(ctx, query)
	if err != nil {
		return nil, "", err
	}
	return page.Cut(query, rows, func(c domain.Contradiction) []any {
		return query.Cursor(map[string]any{"id": c.ID}, c.ID)
	})
}
