package rpc

import (
	"context"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/services/catalog/internal/contract"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
)

// CreateCategory adds a category.
func (s *CategoryServer) CreateCategory(ctx context.Context, req *catalogv1.CreateCategoryRequest) (*catalogv1.CreateCategoryResponse, error) {
	var read reader
	fields := domain.CategoryFields{
		Name:        req.GetCategory().GetName(),
		Description: req.GetCategory().GetDescription(),
		ParentID:    read.id("category.parent_id", req.GetCategory().GetParentId()),
	}
	if err := read.err(); err != nil {
		return nil, err
	}
	category, err := s.categories.Create(ctx, fields)
	if err != nil {
		return nil, err
	}
	return &catalogv1.CreateCategoryResponse{Category: contract.Category(category)}, nil
}
