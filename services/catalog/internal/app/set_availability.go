package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// SetAvailability notes how many of each product can be bought; a level that is
// older than what is known changes nothing, and one of a product that is not known
// yet is kept for it.
func (s *Products) SetAvailability(ctx context.Context, tx *pg.Tx, levels []domain.Level) error {
	if len(levels) == 0 {
		return nil
	}
	levels = domain.Newest(levels)
	tx.OnCommit(func() { s.Cache.Applied(levels) })
	return db.New(tx).AvailabilityUpsertMany(ctx, store.Levels(levels))
}
