package rpc

import (
	"context"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
)

// ListCategories lists categories by name.
func (s *CategoryServer) ListCategories(ctx context.Context, req *catalogv1.ListCategoriesRequest) (*catalogv1.ListCategoriesResponse, error) {
	categories, err := s.categories.ListCategories(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(),
	})
	if err != nil {
		return nil, err
	}
	res := &catalogv1.ListCategoriesResponse{Categories: make([]*catalogv1.Category, len(categories.Items)), NextPageToken: categories.Next}
	for i, category := range categories.Items {
		res.Categories[i] = protoconv.Category(category)
	}
	return res, nil
}
