package protoconv

import (
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
)

// Category returns a category.
func Category(c domain.CategorySnapshot) *catalogv1.Category {
	category := &catalogv1.Category{
		Id:          c.ID.String(),
		Name:        c.Name,
		Description: c.Description,
		CreateTime:  timestamppb.New(c.CreateTime),
		UpdateTime:  timestamppb.New(c.UpdateTime),
		Etag:        c.Etag(),
	}
	if c.ParentID != uuid.Nil {
		category.ParentId = c.ParentID.String()
	}
	return category
}
