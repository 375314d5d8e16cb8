package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// Update changes a category, and moves it with all below it when it gets another
// parent. An etag that is set must be the current one. Errors: CATEGORY_NOT_FOUND,
// ETAG_MISMATCH, INVALID_FIELD, CATEGORY_NAME_TAKEN, CATEGORY_CYCLE.
func (s *Categories) Update(ctx context.Context, id uuid.UUID, etag string, change domain.CategoryChange) (domain.Category, error) {
	var category domain.Category
	err := s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		queries := db.New(tx)
		if err := queries.CategoryLockTree(ctx); err != nil {
			return err
		}
		before, err := load(ctx, queries, id)
		if err != nil {
			return err
		}
		if err := before.CheckEtag(etag); err != nil {
			return err
		}
		var above domain.Place
		height := int32(0)
		if change.Moves(before) {
			if above, err = place(ctx, queries, *change.ParentID); err != nil {
				return err
			}
			if height, err = queries.CategoryHeight(ctx, id); err != nil {
				return fmt.Errorf("read the categories below: %w", err)
			}
		}
		next, changed, err := before.Change(change, above, int(height), s.Now())
		if err != nil {
			return err
		}
		category = next
		if !changed {
			return nil
		}
		return queries.CategoryUpdate(ctx, store.UpdateCategory(next))
	})
	if err != nil {
		return domain.Category{}, categoryFault(err, category)
	}
	return category, nil
}
