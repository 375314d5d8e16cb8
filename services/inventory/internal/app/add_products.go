package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

// AddProducts makes empty stock for products that have none, and publishes it.
// Products that are known cost a read.
func (s *Stocks) AddProducts(ctx context.Context, tx *pg.Tx, products []domain.Product) error {
	known := make(map[uuid.UUID]struct{}, len(products))
	once := make([]domain.Product, 0, len(products))
	for _, p := range products {
		if _, again := known[p.ID]; !again {
			known[p.ID] = struct{}{}
			once = append(once, p)
		}
	}
	made, err := store.On(tx).InsertStock(ctx, once, s.Now())
	if err != nil {
		return err
	}
	return s.publishLevelsOf(ctx, tx, made...)
}
