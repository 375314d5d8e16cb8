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

// DeleteCategory removes an empty category. An etag that is set must be the current
// one. The foreign keys decide whether it is empty, because they also see a product
// that is being added. Errors: CATEGORY_NOT_FOUND, ETAG_MISMATCH,
// CATEGORY_NOT_EMPTY, which names what is in it.
func (s *Categories) DeleteCategory(ctx context.Context, id uuid.UUID, etag string) error {
	err := s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := store.On(tx)
		if err := st.LockTree(ctx); err != nil {
			return err
		}
		category, err := st.Category(ctx, id)
		if err != nil {
			return err
		}
		if err := category.CheckEtag(etag); err != nil {
			return err
		}
		activity.Changed(ctx, "categories/"+id.String(), protoconv.Category(category.Snapshot()), nil)
		return st.DeleteCategory(ctx, id)
	})
	if !store.NotEmpty(err) {
		return err
	}
	contents, readErr := store.On(s.Pool.Hot()).Contents(ctx, id)
	if readErr != nil {
		return readErr
	}
	return domain.ErrCategoryNotEmpty(id, contents).Because(err)
}
