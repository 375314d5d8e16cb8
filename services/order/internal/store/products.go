package store

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// SaveProducts queues what is known of products; only newer versions count. Of
// several versions of one product, the newest is stored.
func (s Store) SaveProducts(ctx context.Context, products []domain.Product) error {
	return s.q.ProductUpsertMany(ctx, productRows(products))
}

// LearnProducts keeps products that nothing was known of, and leaves the others.
func (s Store) LearnProducts(ctx context.Context, products []domain.Product) error {
	return s.q.ProductInsertMany(ctx, db.ProductInsertManyParams(productRows(products)))
}

// ListProducts reads what is known of products, by code.
func (s Store) ListProducts(ctx context.Context, codes []string) (map[string]domain.Product, error) {
	rows, err := s.q.ProductListByCode(ctx, codes)
	if err != nil {
		return nil, err
	}
	products := make(map[string]domain.Product, len(rows))
	for _, row := range rows {
		products[row.Code] = fromDBProduct(row)
	}
	return products, nil
}

// productRows are the newest of each product, by id.
func productRows(products []domain.Product) db.ProductUpsertManyParams {
	newest := make(map[uuid.UUID]domain.Product, len(products))
	for _, p := range products {
		if known, ok := newest[p.ID]; !ok || known.Version < p.Version {
			newest[p.ID] = p
		}
	}
	ids := make([]uuid.UUID, 0, len(newest))
	for id := range newest {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	var rows db.ProductUpsertManyParams
	for _, id := range ids {
		p := newest[id]
		rows.Ids = append(rows.Ids, p.ID)
		rows.Codes = append(rows.Codes, p.Code)
		rows.Names = append(rows.Names, p.Name)
		rows.Currencies = append(rows.Currencies, p.Price.Currency)
		rows.Amounts = append(rows.Amounts, p.Price.Amount)
		rows.Statuses = append(rows.Statuses, int16(p.Status))
		rows.Versions = append(rows.Versions, p.Version)
	}
	return rows
}
