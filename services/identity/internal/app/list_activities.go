package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// List returns a page of entries. Errors: FILTER_INVALID, PAGE_TOKEN_INVALID, INVALID_FIELD.
func (a Activities) List(ctx context.Context, req page.Request) (page.Page[domain.Activity], error) {
	return store.On(a.Pool).ListActivities(ctx, req)
}
