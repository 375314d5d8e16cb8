package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/store"
)

// List returns a page of mails without their texts, newest first. Errors:
// FILTER_INVALID, PAGE_TOKEN_INVALID.
func (n *Notifications) List(ctx context.Context, r page.Request) (page.Page[domain.Stored], error) {
	return store.On(n.Pool).List(ctx, r)
}
