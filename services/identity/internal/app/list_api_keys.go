package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// ListAPIKeys returns a page of keys. Errors: FILTER_INVALID, PAGE_TOKEN_INVALID,
// INVALID_FIELD.
func (a *Accounts) ListAPIKeys(ctx context.Context, req page.Request) (page.Page[domain.APIKeySnapshot], error) {
	return a.on(a.Pool).ListAPIKeys(ctx, req)
}
