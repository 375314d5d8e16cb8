package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
)

// UpdateCategory changes a category, and moves it with all below it when it gets
// another parent. An etag that is set must be the current one, unless nothing is left to
// change. Errors:
// CATEGORY_NOT_FOUND, ETAG_MISMATCH, INVALID_FIELD, CATEGORY_NAME_TAKEN,
// CATEGORY_CYCLE.
func (s *Categories) UpdateCategory(ctx context.Context, id uuid.UUID, etag string, change domain.CategoryChange) (domain.CategorySnapshot, error) {
	var category domain.Category
	err := s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := store.On(tx)
		if err := st.LockTree(ctx); err != nil {
			return err
		}
		before, err := st.Category(ctx, id)
		if err != nil {
			return err
		}
		var place domain.Place
		height := 0
		if change.Moves(before) {
			if place, err = st.PlaceBelow(ctx, *change.ParentID); err != nil {
				return err
			}
			if height, err = st.Height(ctx, id); err != nil {
				return err
			}
		}
		next, changed, err := before.Change(change, place, height, s.Now())
		if err == nil && !changed {
			// Whatever the etag: a change that was done is not refused when it is sent again.
			category = before
			activity.Unchanged(ctx)
			return nil
		}
		if stale := before.CheckEtag(etag); stale != nil {
			return stale
		}
		if err != nil {
			return err
		}
		category = next
		activity.Changed(ctx, "categories/"+id.String(), protoconv.Category(before.Snapshot()), protoconv.Category(next.Snapshot()))
		return st.UpdateCategory(ctx, next)
	})
	if err != nil {
		return domain.CategorySnapshot{}, store.CategoryFault(err, category)
	}
	return category.Snapshot(), nil
}
