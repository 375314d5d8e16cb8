package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
)

// SetAvailability stores how many of each product can be bought; a level that is
// older than the known one changes nothing, and one of a product that is not known
// yet is kept for it.
func (s *Products) SetAvailability(ctx context.Context, tx *pg.Tx, levels []domain.Level) error {
	if len(levels) == 0 {
		return nil
	}
	levels = domain.Newest(levels)
	tx.OnCommit(func() { s.Cache.Applied(levels) })
	return store.On(tx).RaiseLevels(ctx, levels)
}
