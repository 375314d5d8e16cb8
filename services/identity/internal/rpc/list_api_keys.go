package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// ListApiKeys lists keys that fit a filter.
func (s *StaffServer) ListApiKeys(ctx context.Context, req *identityv1.ListApiKeysRequest) (*identityv1.ListApiKeysResponse, error) {
	keys, err := s.accounts.ListAPIKeys(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(), OrderBy: req.GetOrderBy(),
	})
	if err != nil {
		return nil, err
	}
	res := &identityv1.ListApiKeysResponse{ApiKeys: make([]*identityv1.ApiKey, len(keys.Items)), NextPageToken: keys.Next}
	for i, key := range keys.Items {
		res.ApiKeys[i] = protoconv.APIKey(key)
	}
	return res, nil
}
