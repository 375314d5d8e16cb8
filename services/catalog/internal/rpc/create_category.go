package rpc

import (
	"context"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/services/catalog/internal/app"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
)

// CreateCategory adds a category.
func (s *CategoryServer) CreateCategory(ctx context.Context, req *catalogv1.CreateCategoryRequest) (*catalogv1.CreateCategoryResponse, error) {
	var read reader
	requestID := read.requestID(req.GetRequestId())
	fields := domain.CategoryFields{
		Name:        req.GetCategory().GetName(),
		Description: req.GetCategory().GetDescription(),
		ParentID:    read.id("category.parent_id", req.GetCategory().GetParentId()),
	}
	if err := read.err(); err != nil {
		return nil, err
	}
	return app.CreateCategory(ctx, s.categories, requestID, req, fields, func(created domain.CategorySnapshot) *catalogv1.CreateCategoryResponse {
		return &catalogv1.CreateCategoryResponse{Category: protoconv.Category(created)}
	})
}
