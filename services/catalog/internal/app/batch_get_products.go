package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// BatchGet reads products by id or code, archived ones too: each once, by code.
// What is not there, or a draft that the caller may not see, is left out.
func (s *Products) BatchGet(ctx context.Context, ids []uuid.UUID, codes []string) ([]domain.Listing, error) {
	rows, err := db.New(s.Pool.Hot()).ProductBatchGet(ctx, db.ProductBatchGetParams{Ids: ids, Codes: codes})
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	listings := make([]domain.Listing, 0, len(rows))
	for _, row := range rows {
		if row.Product.Status == string(domain.Draft) && !seesDrafts(ctx) {
			continue
		}
		listing, err := store.Listing(row.Product, row.Available)
		if err != nil {
			return nil, err
		}
		listings = append(listings, listing)
	}
	return listings, nil
}
