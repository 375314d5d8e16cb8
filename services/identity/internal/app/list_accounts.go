package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// ListAccounts returns a page of accounts. Errors: FILTER_INVALID, PAGE_TOKEN_INVALID,
// INVALID_FIELD.
func (a *Accounts) ListAccounts(ctx context.Context, req page.Request) (page.Page[domain.AccountSnapshot], error) {
	return a.on(a.Pool).ListAccounts(ctx, req)
}
