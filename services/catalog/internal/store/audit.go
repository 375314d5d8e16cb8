package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// LostProduct is a level of stock without its product.
type LostProduct struct {
	ProductID uuid.UUID
	Available int64
}

// LostProducts returns levels whose product does not exist, at most most of them.
func (s Store) LostProducts(ctx context.Context, most int32) ([]LostProduct, error) {
	rows, err := s.q.AvailabilityWithoutProduct(ctx, most)
	if err != nil {
		return nil, fmt.Errorf("read stock without a product: %w", err)
	}
	lost := make([]LostProduct, len(rows))
	for i, row := range rows {
		lost[i] = LostProduct{ProductID: row.ProductID, Available: row.Available}
	}
	return lost, nil
}
