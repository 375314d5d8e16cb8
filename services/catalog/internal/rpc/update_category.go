package rpc

import (
	"context"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/mask"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
)

// UpdateCategory changes the fields that the mask names.
func (s *CategoryServer) UpdateCategory(ctx context.Context, req *catalogv1.UpdateCategoryRequest) (*catalogv1.UpdateCategoryResponse, error) {
	var read reader
	category := req.GetCategory()
	id := read.id("category.id", category.GetId())
	fields, err := mask.Read(req.GetUpdateMask(), category, "name", "description", "parent_id")
	if err != nil {
		return nil, err
	}
	var change domain.CategoryChange
	if fields.Has("name") {
		change.Name = &category.Name
	}
	if fields.Has("description") {
		change.Description = &category.Description
	}
	if fields.Has("parent_id") {
		parent := read.id("category.parent_id", category.GetParentId())
		change.ParentID = &parent
	}
	if err := read.err(); err != nil {
		return nil, err
	}
	changed, err := s.categories.UpdateCategory(ctx, id, category.GetEtag(), change)
	if err != nil {
		return nil, err
	}
	return &catalogv1.UpdateCategoryResponse{Category: protoconv.Category(changed)}, nil
}
