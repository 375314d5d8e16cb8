package rpc

import (
	"context"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
)

// GetSettings reads the settings of a context.
func (s *Server) GetSettings(ctx context.Context, req *configv1.GetSettingsRequest) (*configv1.GetSettingsResponse, error) {
	current, err := s.settings.Get(ctx, req.GetContext())
	if err != nil {
		return nil, err
	}
	defaults, err := s.settings.Defaults(req.GetContext())
	if err != nil {
		return nil, err
	}
	return &configv1.GetSettingsResponse{Settings: current, Defaults: defaults}, nil
}
