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
	listing, err := s.Cache.get(ctx, key{id: id}, func(ctx context.Context) (stored, error) {
		row, err := db.New(s.Pool.Hot()).ProductGetByID(ctx, id)
		return read(row.Product, row.Available, row.LevelVersion, err)
	})
	return shown(ctx, id.String(), listing, err)
}

// GetByCode reads a product by its code. Errors: PRODUCT_NOT_FOUND.
func (s *Products) GetByCode(ctx context.Context, code string) (domain.Listing, error) {
	listing, err := s.Cache.get(ctx, key{code: code}, func(ctx context.Context) (stored, error) {
		row, err := db.New(s.Pool.Hot()).ProductGetByCode(ctx, code)
		return read(row.Product, row.Available, row.LevelVersion, err)
	})
	return shown(ctx, code, listing, err)
}

// read translates a row that was read.
func read(row db.Product, available, level int64, err error) (stored, error) {
	if err != nil {
		return stored{}, fmt.Errorf("read product: %w", err)
	}
	listing, err := store.Listing(row, available)
	return stored{listing, level}, err
}

// shown is what a caller sees: to shoppers a draft is not there.
func shown(ctx context.Context, name string, listing domain.Listing, err error) (domain.Listing, error) {
	if pg.IsNoRows(err) || err == nil && listing.Status == domain.Draft && !seesDrafts(ctx) {
		return domain.Listing{}, domain.ProductNotFound(name)
	}
	return listing, err
}
