package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

// Republisher publishes the erasure of every customer who was erased of late once more.
func (s *Customers) Republisher() *outbox.Republisher {
	return &outbox.Republisher{
		Pool: s.Pool, Source: source, Wake: s.Wake, Now: s.Now,
		Newest: db.New(s.Pool).CustomerNewestErasure, Page: s.pageToRepublish,
	}
}

func (s *Customers) pageToRepublish(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) ([]uuid.UUID, []outbox.Event, error) {
	rows, err := db.New(tx).CustomerLockErasedSince(ctx, db.CustomerLockErasedSinceParams{Since: since, AfterID: after})
	if err != nil {
		return nil, nil, err
	}
	ids, events := make([]uuid.UUID, len(rows)), make([]outbox.Event, len(rows))
	for i, row := range rows {
		customer, err := store.Customer(row, []byte(`[]`)) // an erased customer has no address
		if err != nil {
			return nil, nil, err
		}
		ids[i], events[i] = row.ID, s.Announce(customer)
	}
	return ids, events, nil
}
