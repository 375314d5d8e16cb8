package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/config/internal/domain"
	"github.com/shopmesh/shopmesh/services/config/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/config/internal/store"
)

// ListVersions returns a page of the changes of a context's settings, the newest first.
// Errors: CONTEXT_NOT_FOUND, PAGE_TOKEN_INVALID.
func (s *Settings) ListVersions(ctx context.Context, name string, request page.Request) (page.Page[domain.Version], error) {
	if err := protoconv.CheckContext(name); err != nil {
		return page.Page[domain.Version]{}, err
	}
	return store.On(s.Pool).List(ctx, name, request)
}
