package rpc

import (
	"context"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
)

// RollbackSettings sets again what an earlier version held.
func (s *Server) RollbackSettings(ctx context.Context, req *configv1.RollbackSettingsRequest) (*configv1.RollbackSettingsResponse, error) {
	changed, err := s.settings.Rollback(ctx, req.GetContext(), req.GetVersion(), req.GetEtag(), req.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	return &configv1.RollbackSettingsResponse{Settings: changed}, nil
}
