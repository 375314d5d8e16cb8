package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
)

// UpdateProduct changes a product by what edit makes of the product as it is.
// An etag that is set must be the current one, unless nothing is left to change. Errors: PRODUCT_NOT_FOUND,
// ETAG_MISMATCH, INVALID_FIELD, PRODUCT_ARCHIVED, CATEGORY_NOT_FOUND, and edit's.
func (s *Products) UpdateProduct(ctx context.Context, id uuid.UUID, etag string,
	edit func(domain.ProductSnapshot) (domain.ProductChange, error),
) (domain.Listing, error) {
	return s.change(ctx, id, etag, func(product domain.Product) (domain.Product, bool, error) {
		change, err := edit(product.Snapshot())
		if err != nil {
			return domain.Product{}, false, err
		}
		return product.Change(change, s.Now())
	})
}

// change locks a product, has decide change it, and stores and publishes the result.
func (s *Products) change(ctx context.Context, id uuid.UUID, etag string,
	decide func(domain.Product) (domain.Product, bool, error),
) (domain.Listing, error) {
	var product domain.Product
	var available int64
	err := s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		var err error
		if product, available, err = store.On(tx).LockProduct(ctx, id); err != nil {
			return err
		}
		next, changed, err := decide(product)
		if err == nil && !changed {
			// Whatever the etag: a change that was done is not refused when it is sent again.
			activity.Unchanged(ctx)
			return nil
		}
		if stale := product.CheckEtag(etag); stale != nil {
			return stale
		}
		if err != nil {
			return err
		}
		record(ctx, product, next)
		product = next
		if err := store.On(tx).UpdateProduct(ctx, next); err != nil {
			return err
		}
		return s.publish(ctx, tx, next)
	})
	if err != nil {
		return domain.Listing{}, s.failed(err, product)
	}
	return domain.Listing{ProductSnapshot: product.Snapshot(), Available: available}, nil
}
