package app

import (
	"context"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/services/config/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/config/internal/store"
)

// Defaults returns what holds in a context where nothing was ever set.
// Errors: CONTEXT_NOT_FOUND.
func (s *Settings) Defaults(name string) (*configv1.Settings, error) {
	if err := protoconv.CheckContext(name); err != nil {
		return nil, err
	}
	defaults := protoconv.Defaults(name)
	if defaults.GetEdge() != nil {
		defaults.Value = &configv1.Settings_Edge{Edge: s.DefaultEdge()}
	}
	return defaults, nil
}

// Get returns the settings of a context, without the defaults. Errors: CONTEXT_NOT_FOUND.
func (s *Settings) Get(ctx context.Context, name string) (*configv1.Settings, error) {
	if err := protoconv.CheckContext(name); err != nil {
		return nil, err
	}
	if s.File != "" {
		return s.fromFile(name)
	}
	current, err := store.On(s.Pool).Current(ctx, name)
	if err != nil {
		return nil, err
	}
	return s.read(ctx, current), nil
}
