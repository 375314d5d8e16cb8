package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
)

// GetProduct reads a product by its id. Errors: PRODUCT_NOT_FOUND.
func (s *Products) GetProduct(ctx context.Context, id uuid.UUID) (domain.Listing, error) {
	listing, err := s.Cache.get(ctx, key{id: id}, func(ctx context.Context) (stored, error) {
		return store.On(s.Pool.Hot()).ProductByID(ctx, id)
	})
	return shown(ctx, id.String(), listing, err)
}

// GetProductByCode reads a product by its code. Errors: PRODUCT_NOT_FOUND.
func (s *Products) GetProductByCode(ctx context.Context, code string) (domain.Listing, error) {
	listing, err := s.Cache.get(ctx, key{code: code}, func(ctx context.Context) (stored, error) {
		return store.On(s.Pool.Hot()).ProductByCode(ctx, code)
	})
	return shown(ctx, code, listing, err)
}

// shown is what a caller sees: for shoppers a draft does not exist.
func shown(ctx context.Context, name string, listing domain.Listing, err error) (domain.Listing, error) {
	if err == nil && listing.Status == domain.Draft && !seesDrafts(ctx) {
		return domain.Listing{}, domain.ErrProductNotFound(name)
	}
	return listing, err
}
