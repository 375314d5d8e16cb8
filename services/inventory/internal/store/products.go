package store

import (
	"context"

	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store/db"
)

// UpsertProducts queues what is known of products; each is named once. A version that
// is not newer than the stored one changes nothing.
func (s Store) UpsertProducts(ctx context.Context, products []domain.Product) error {
	var params db.ProductUpsertManyParams
	for _, p := range products {
		params.ProductIds = append(params.ProductIds, p.ID())
		params.Statuses = append(params.Statuses, int16(p.Status()))
		params.Versions = append(params.Versions, p.Version())
	}
	return s.q.ProductUpsertMany(ctx, params)
}
