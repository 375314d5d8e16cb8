package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// Delete removes an empty category. An etag that is set must be the current one.
// Whether it is empty is the foreign keys' to say, which also see a product that
// is being added. Errors: CATEGORY_NOT_FOUND, ETAG_MISMATCH, CATEGORY_NOT_EMPTY.
func (s *Categories) Delete(ctx context.Context, id uuid.UUID, etag string) error {
	err := s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		queries := db.New(tx)
		if err := queries.CategoryLockTree(ctx); err != nil {
			return err
		}
		category, err := load(ctx, queries, id)
		if err != nil {
			return err
		}
		if err := category.CheckEtag(etag); err != nil {
			return err
		}
		return queries.CategoryDelete(ctx, id)
	})
	if err != nil {
		return categoryFault(err, domain.Category{ID: id})
	}
	return nil
}
