package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// ListContradictions reads a page, newest first; FILTER_INVALID, PAGE_TOKEN_INVALID.
func (p Payments) ListContradictions(ctx context.Context, request page.Request) (page.Page[domain.Contradiction], error) {
	query, err := store.Contradictions().Parse(request)
	if err != nil {
		return page.Page[domain.Contradiction]{}, err
	}
	return store.On(p.Pool).ListContradictions(ctx, query)
}
