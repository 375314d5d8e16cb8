package rpc

import (
	"context"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/config/internal/protoconv"
)

// ListSettingsVersions lists who changed what.
func (s *Server) ListSettingsVersions(ctx context.Context, req *configv1.ListSettingsVersionsRequest) (*configv1.ListSettingsVersionsResponse, error) {
	versions, err := s.settings.ListVersions(ctx, req.GetContext(), page.Request{Size: req.GetPageSize(), Token: req.GetPageToken()})
	if err != nil {
		return nil, err
	}
	res := &configv1.ListSettingsVersionsResponse{Versions: make([]*configv1.SettingsVersion, len(versions.Items)), NextPageToken: versions.Next}
	for i, version := range versions.Items {
		res.Versions[i] = protoconv.SettingsVersion(version)
	}
	return res, nil
}
