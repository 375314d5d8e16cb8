package rpc

import (
	"context"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
)

// DeleteCategory removes an empty category.
func (s *CategoryServer) DeleteCategory(ctx context.Context, req *catalogv1.DeleteCategoryRequest) (*catalogv1.DeleteCategoryResponse, error) {
	var read reader
	id := read.id("id", req.GetId())
	if err := read.err(); err != nil {
		return nil, err
	}
	if err := s.categories.DeleteCategory(ctx, id, req.GetEtag()); err != nil {
		return nil, err
	}
	return &catalogv1.DeleteCategoryResponse{}, nil
}
