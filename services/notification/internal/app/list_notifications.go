package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/store"
)

// List returns a page of mails without their texts, newest first, and the token of the
// next. Errors: FILTER_INVALID, PAGE_TOKEN_INVALID.
func (n *Notifications) List(ctx context.Context, r page.Request) ([]domain.Stored, string, error) {
	return store.On(n.Pool).List(ctx, r)
}
