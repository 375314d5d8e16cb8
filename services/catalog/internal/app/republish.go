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

// AnnounceAnew tells once more of every product that changed of late.
func (s *Products) AnnounceAnew() *outbox.Anew {
	return &outbox.Anew{
		Pool: s.Pool, Source: source, Wake: s.Wake, Now: s.Now,
		Newest: db.New(s.Pool).ProductNewestChange, Page: s.pageAnew,
	}
}

func (s *Products) pageAnew(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) ([]uuid.UUID, []outbox.Event, error) {
	rows, err := db.New(tx).ProductLockChangedSince(ctx, db.ProductLockChangedSinceParams{Since: since, AfterID: after})
	if err != nil {
		return nil, nil, err
	}
	ids, said := make([]uuid.UUID, len(rows)), make([]outbox.Event, len(rows))
	for i, row := range rows {
		listing, err := store.Listing(row, 0)
		if err != nil {
			return nil, nil, err
		}
		ids[i], said[i] = row.ID, s.Announce(listing.Product)
	}
	return ids, said, nil
}
