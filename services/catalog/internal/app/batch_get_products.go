package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// BatchGet reads products by id or code, archived ones too: each once, by code.
// What is not there, or a draft that the caller may not see, is left out.
func (s *Products) BatchGet(ctx context.Context, ids []uuid.UUID, codes []string) ([]domain.Listing, error) {
	listings, err := s.Cache.getMany(ctx, ids, codes, s.readMany)
	if err != nil || seesDrafts(ctx) {
		return listings, err
	}
	return slices.DeleteFunc(listings, func(l domain.Listing) bool { return l.Status == domain.Draft }), nil
}

func (s *Products) readMany(ctx context.Context, ids []uuid.UUID, codes []string) ([]stored, error) {
	rows, err := db.New(s.Pool.Hot()).ProductBatchGet(ctx, db.ProductBatchGetParams{Ids: ids, Codes: codes})
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	all := make([]stored, len(rows))
	for i, row := range rows {
		if all[i], err = read(row.Product, row.Available, row.LevelVersion, nil); err != nil {
			return nil, err
		}
	}
	return all, nil
}
