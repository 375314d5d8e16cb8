package rpc

import (
	"context"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// ListActivity lists entries that fit a filter.
func (s *ActivityServer) ListActivity(ctx context.Context, req *identityv1.ListActivityRequest) (*identityv1.ListActivityResponse, error) {
	entries, err := s.activities.List(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(), OrderBy: req.GetOrderBy(),
	})
	if err != nil {
		return nil, err
	}
	res := &identityv1.ListActivityResponse{Activities: make([]*activityv1.Activity, len(entries.Items)), NextPageToken: entries.Next}
	for i, entry := range entries.Items {
		res.Activities[i] = protoconv.Activity(entry)
	}
	return res, nil
}
