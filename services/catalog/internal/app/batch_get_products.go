package app

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
)

// BatchGetProducts reads products by id or code, archived ones too: each once, by
// code. Unknown ones, and drafts that the caller may not see, are left out.
func (s *Products) BatchGetProducts(ctx context.Context, ids []uuid.UUID, codes []string) ([]domain.Listing, error) {
	listings, err := s.Cache.getMany(ctx, ids, codes, store.On(s.Pool.Hot()).Products)
	if err != nil || seesDrafts(ctx) {
		return listings, err
	}
	return slices.DeleteFunc(listings, func(l domain.Listing) bool { return l.Status == domain.Draft }), nil
}
