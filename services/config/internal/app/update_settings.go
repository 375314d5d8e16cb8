package app

import (
	"context"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/services/config/internal/store"
)

// Update makes a new version of a context's settings out of the current one. apply returns
// a changed copy. With validateOnly it returns what would be, and makes nothing. Errors:
// CONTEXT_NOT_FOUND, SETTINGS_READ_ONLY, ETAG_MISMATCH, SETTINGS_INVALID.
func (s *Settings) Update(ctx context.Context, name, etag string, validateOnly bool, apply func(*configv1.Settings) *configv1.Settings) (*configv1.Settings, error) {
	return s.write(ctx, change{
		context: name, etag: etag, field: "settings.", validateOnly: validateOnly,
		decide: func(_ context.Context, _ store.Store, current *configv1.Settings) (*configv1.Settings, *int64, error) {
			return apply(current), nil, nil
		},
	})
}
