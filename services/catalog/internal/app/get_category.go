package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
)

// GetCategory reads a category. Errors: CATEGORY_NOT_FOUND.
func (s *Categories) GetCategory(ctx context.Context, id uuid.UUID) (domain.CategorySnapshot, error) {
	category, err := store.On(s.Pool.Hot()).Category(ctx, id)
	return category.Snapshot(), err
}
