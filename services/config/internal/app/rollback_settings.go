package app

import (
	"context"
	"fmt"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/config/internal/domain"
	"github.com/shopmesh/shopmesh/services/config/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/config/internal/store"
)

// Rollback makes a new version that holds what an earlier one held. The rules of today
// decide whether it may. Errors: CONTEXT_NOT_FOUND, SETTINGS_READ_ONLY,
// SETTINGS_VERSION_NOT_FOUND, ETAG_MISMATCH, SETTINGS_INVALID.
func (s *Settings) Rollback(ctx context.Context, name string, version int64, etag string, validateOnly bool) (*configv1.Settings, error) {
	return s.write(ctx, change{
		context: name, etag: etag, validateOnly: validateOnly,
		decide: func(ctx context.Context, st store.Store, _ *configv1.Settings) (*configv1.Settings, *int64, error) {
			earlier, err := st.Version(ctx, name, version)
			if err != nil {
				return nil, nil, err
			}
			next, err := protoconv.Settings(earlier)
			if err != nil {
				return nil, nil, unreadable(name, version, err)
			}
			return next, &version, nil
		},
	})
}

// unreadable is the fault for a version whose fields can't all be read today: going back to
// a part of it would be no rollback.
func unreadable(name string, version int64, cause error) error {
	return domain.ErrInvalid(fmt.Sprintf("version %d of the settings of %s can't be set again", version, name), "", []fault.Violation{
		{Field: name, Description: fmt.Sprintf("not all of it can be read any more (%v): set what you need by UpdateSettings", cause)},
	})
}
