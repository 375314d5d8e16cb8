package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// Create adds a product. It costs one round trip: whether the code is free and
// the category there is the database's to say when it takes the row. Errors:
// INVALID_FIELD, PRODUCT_CODE_TAKEN, CATEGORY_NOT_FOUND.
func (s *Products) Create(ctx context.Context, fields domain.ProductFields) (domain.Listing, error) {
	product, err := domain.NewProduct(fields, s.NewID(), s.Now())
	if err != nil {
		return domain.Listing{}, err
	}
	row, err := store.InsertProduct(product)
	if err != nil {
		return domain.Listing{}, err
	}
	err = s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		if err := db.New(tx).ProductInsert(ctx, row); err != nil {
			return err
		}
		return s.announce(ctx, tx, product)
	})
	if err != nil {
		return domain.Listing{}, s.failed(err, product)
	}
	return domain.Listing{Product: product}, nil
}

// productFault says what the database refused about a product.
func productFault(err error, product domain.Product) error {
	switch pg.Violated(err) {
	case "products_code_taken":
		return domain.ProductCodeTaken(product.Code).Because(err)
	case "products_category_id_fkey":
		return domain.ProductCategoryNotFound(product.CategoryID).Because(err)
	default:
		return err
	}
}
