package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

// BatchGet reads the stock of products by id and by code, each once, by code;
// those that inventory does not know are left out.
func (s *Stocks) BatchGet(ctx context.Context, ids []uuid.UUID, codes []string) ([]domain.Stock, error) {
	return store.On(s.Pool).StockOf(ctx, ids, codes)
}
