package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

// AddProducts notes whether products are sold, makes empty stock for those that have
// none, and publishes it.
func (s *Stocks) AddProducts(ctx context.Context, tx *pg.Tx, products []domain.Product) error {
	products = domain.LatestProducts(products)
	if err := store.On(tx).UpsertProducts(ctx, products); err != nil {
		return err
	}
	made, err := store.On(tx).InsertStock(ctx, products, s.Now())
	if err != nil {
		return err
	}
	return s.publishLevelsOf(ctx, tx, made...)
}
