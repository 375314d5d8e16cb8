package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// Create adds a category. Errors: INVALID_FIELD, CATEGORY_NAME_TAKEN,
// CATEGORY_NOT_FOUND for the parent, CATEGORY_CYCLE.
func (s *Categories) Create(ctx context.Context, fields domain.CategoryFields) (domain.Category, error) {
	var category domain.Category
	err := s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		queries := db.New(tx)
		if err := queries.CategoryLockTree(ctx); err != nil {
			return err
		}
		above, err := place(ctx, queries, fields.ParentID)
		if err != nil {
			return err
		}
		if category, err = domain.NewCategory(fields, above, s.NewID(), s.Now()); err != nil {
			return err
		}
		return queries.CategoryInsert(ctx, store.InsertCategory(category))
	})
	if err != nil {
		return domain.Category{}, categoryFault(err, category)
	}
	return category, nil
}
