package rpc

import (
	"context"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1/configv1connect"
)

// WatchSettings sends the settings of a context, and again whenever they change.
func (s *Server) WatchSettings(ctx context.Context, req *configv1.WatchSettingsRequest, stream configv1connect.ConfigServiceWatchSettingsServerStream) error {
	return s.settings.Watch(ctx, req.GetContext(), func(current *configv1.Settings) error {
		return stream.Send(&configv1.WatchSettingsResponse{Settings: current})
	})
}
