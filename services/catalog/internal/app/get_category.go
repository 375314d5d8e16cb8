package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// Get reads a category. Errors: CATEGORY_NOT_FOUND.
func (s *Categories) Get(ctx context.Context, id uuid.UUID) (domain.Category, error) {
	return load(ctx, db.New(s.Pool.Hot()), id)
}
