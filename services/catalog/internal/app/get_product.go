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

// Get reads a product by its id. Errors: PRODUCT_NOT_FOUND.
func (s *Products) Get(ctx context.Context, id uuid.UUID) (domain.Listing, error) {
	row, err := db.New(s.Pool.Hot()).ProductGetByID(ctx, id)
	return found(ctx, id.String(), row.Product, row.Available, err)
}

// GetByCode reads a product by its code. Errors: PRODUCT_NOT_FOUND.
func (s *Products) GetByCode(ctx context.Context, code string) (domain.Listing, error) {
	row, err := db.New(s.Pool.Hot()).ProductGetByCode(ctx, code)
	return found(ctx, code, row.Product, row.Available, err)
}

// found reads a row for a caller; to shoppers a draft is not there.
func found(ctx context.Context, name string, row db.Product, available int64, err error) (domain.Listing, error) {
	if pg.IsNoRows(err) {
		return domain.Listing{}, domain.ProductNotFound(name)
	}
	if err != nil {
		return domain.Listing{}, fmt.Errorf("read product: %w", err)
	}
	if row.Status == string(domain.Draft) && !seesDrafts(ctx) {
		return domain.Listing{}, domain.ProductNotFound(name)
	}
	return store.Listing(row, available)
}
