package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// Republisher publishes every product that changed of late once more.
func (s *Products) Republisher() *outbox.Republisher {
	return &outbox.Republisher{
		Pool: s.Pool, Source: source, Wake: s.Wake, Now: s.Now,
		Newest: db.New(s.Pool).ProductNewestChange, Page: s.pageToRepublish,
	}
}

func (s *Products) pageToRepublish(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) ([]uuid.UUID, []outbox.Event, error) {
	rows, err := db.New(tx).ProductLockChangedSince(ctx, db.ProductLockChangedSinceParams{Since: since, AfterID: after})
	if err != nil {
		return nil, nil, err
	}
	ids, events := make([]uuid.UUID, len(rows)), make([]outbox.Event, len(rows))
	for i, row := range rows {
		listing, err := store.Listing(row, 0)
		if err != nil {
			return nil, nil, err
		}
		ids[i], events[i] = row.ID, s.Announce(listing.Product)
	}
	return ids, events, nil
}
