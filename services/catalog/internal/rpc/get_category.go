package rpc

import (
	"context"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
)

// GetCategory reads a category.
func (s *CategoryServer) GetCategory(ctx context.Context, req *catalogv1.GetCategoryRequest) (*catalogv1.GetCategoryResponse, error) {
	var read reader
	id := read.id("id", req.GetId())
	if err := read.err(); err != nil {
		return nil, err
	}
	category, err := s.categories.GetCategory(ctx, id)
	if err != nil {
		return nil, err
	}
	return &catalogv1.GetCategoryResponse{Category: protoconv.Category(category)}, nil
}
