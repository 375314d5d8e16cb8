package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

// Republisher publishes once more every level that changed of late; what
// ReconcileLevels finds was never published.
func (s *Stocks) Republisher() *outbox.Republisher {
	return &outbox.Republisher{
		Pool: s.Pool, Source: source, Wake: s.Wake, Now: s.Now,
		Newest: store.On(s.Pool).NewestStockChange, Page: s.pageToRepublish,
	}
}

func (s *Stocks) pageToRepublish(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) ([]uuid.UUID, []outbox.Event, error) {
	stocks, err := store.On(tx).LockChangedStock(ctx, since, after, outbox.RepublishRows)
	if err != nil {
		return nil, nil, err
	}
	ids := make([]uuid.UUID, len(stocks))
	for i, stock := range stocks {
		ids[i] = stock.ProductID()
	}
	return ids, s.toOutbox(domain.LevelsChanged(stocks)), nil
}
