package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

// Get reads the stock of a product. One that the catalog has and inventory does
// not know yet has none. Errors: PRODUCT_NOT_FOUND, UNAVAILABLE when the
// catalog would have to be queried and is away.
func (s *Stocks) Get(ctx context.Context, id uuid.UUID) (domain.Stock, error) {
	stock, known, err := store.On(s.Pool).StockByID(ctx, id)
	if err != nil || known {
		return stock, err
	}
	product, ok, err := s.Catalog.ByID(ctx, id)
	if err != nil {
		return domain.Stock{}, err
	}
	if !ok {
		return domain.Stock{}, domain.ErrProductNotFound("product_id", id.String())
	}
	return domain.NoStock(product), nil
}

// GetByCode is Get by the product's code.
func (s *Stocks) GetByCode(ctx context.Context, code string) (domain.Stock, error) {
	stock, known, err := store.On(s.Pool).StockByCode(ctx, code)
	if err != nil || known {
		return stock, err
	}
	product, ok, err := s.Catalog.ByCode(ctx, code)
	if err != nil {
		return domain.Stock{}, err
	}
	if !ok {
		return domain.Stock{}, domain.ErrProductNotFound("product_code", code)
	}
	return domain.NoStock(product), nil
}
