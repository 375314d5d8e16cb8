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

// Update changes a product as edit says, which is given the product as it is. An
// etag that is set must be the current one. Errors: PRODUCT_NOT_FOUND,
// ETAG_MISMATCH, INVALID_FIELD, PRODUCT_ARCHIVED, CATEGORY_NOT_FOUND, and edit's.
func (s *Products) Update(ctx context.Context, id uuid.UUID, etag string,
	edit func(domain.Product) (domain.ProductChange, error),
) (domain.Listing, error) {
	return s.change(ctx, id, etag, func(product domain.Product) (domain.Product, bool, error) {
		change, err := edit(product)
		if err != nil {
			return domain.Product{}, false, err
		}
		return product.Change(change, s.Now())
	})
}

// change locks a product, lets decide what becomes of it, and stores and announces
// that.
func (s *Products) change(ctx context.Context, id uuid.UUID, etag string,
	decide func(domain.Product) (domain.Product, bool, error),
) (domain.Listing, error) {
	var listing domain.Listing
	err := s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		row, err := db.New(tx).ProductGetForUpdate(ctx, id)
		if pg.IsNoRows(err) {
			return domain.ProductNotFound(id.String())
		}
		if err != nil {
			return fmt.Errorf("lock product: %w", err)
		}
		if listing, err = store.Listing(row.Product, row.Available); err != nil {
			return err
		}
		if err := listing.CheckEtag(etag); err != nil {
			return err
		}
		next, changed, err := decide(listing.Product)
		if err != nil || !changed {
			return err
		}
		listing.Product = next
		update, err := store.UpdateProduct(next)
		if err != nil {
			return err
		}
		if err := db.New(tx).ProductUpdate(ctx, update); err != nil {
			return err
		}
		return s.announce(ctx, tx, next)
	})
	if err != nil {
		return domain.Listing{}, s.failed(err, listing.Product)
	}
	return listing, nil
}
