package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
)

// ListCategories returns a page of categories by name. Errors: FILTER_INVALID,
// PAGE_TOKEN_INVALID.
func (s *Categories) ListCategories(ctx context.Context, req page.Request) (page.Page[domain.CategorySnapshot], error) {
	return store.On(s.Pool).ListCategories(ctx, req)
}
