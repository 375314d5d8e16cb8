package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
)

// Republisher publishes every product that changed of late once more.
func (s *Products) Republisher() *outbox.Republisher {
	return &outbox.Republisher{
		Pool: s.Pool, Source: source, Wake: s.Wake, Now: s.Now,
		Newest: store.On(s.Pool).NewestChange, Page: s.pageToRepublish,
	}
}

func (s *Products) pageToRepublish(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) ([]uuid.UUID, []outbox.Event, error) {
	products, err := store.On(tx).LockChangedSince(ctx, since, after)
	if err != nil {
		return nil, nil, err
	}
	ids, events := make([]uuid.UUID, len(products)), make([]outbox.Event, len(products))
	for i, product := range products {
		ids[i], events[i] = product.Snapshot().ID, s.ToOutbox(product)
	}
	return ids, events, nil
}
