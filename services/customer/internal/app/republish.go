package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
)

// Republisher publishes every recent erasure of a customer once more.
func (s *Customers) Republisher() *outbox.Republisher {
	return &outbox.Republisher{
		Pool: s.Pool, Source: source, Wake: s.Wake, Now: s.Now,
		Newest: store.On(s.Pool).NewestErasure, Page: s.pageToRepublish,
	}
}

func (s *Customers) pageToRepublish(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) ([]uuid.UUID, []outbox.Event, error) {
	customers, err := store.On(tx).LockErasedSince(ctx, since, after)
	if err != nil {
		return nil, nil, err
	}
	ids, events := make([]uuid.UUID, len(customers)), make([]outbox.Event, len(customers))
	for i, customer := range customers {
		ids[i], events[i] = customer.Snapshot().ID, s.ToOutbox(customer)
	}
	return ids, events, nil
}

// GuestRepublisher publishes every recent erasure of a guest once more.
func (s *Customers) GuestRepublisher() *outbox.Republisher {
	return &outbox.Republisher{
		Pool: s.Pool, Source: source, Wake: s.Wake, Now: s.Now,
		Newest: store.On(s.Pool).NewestGuestErasure, Page: s.pageOfGuestsToRepublish,
	}
}

func (s *Customers) pageOfGuestsToRepublish(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) ([]uuid.UUID, []outbox.Event, error) {
	erasures, err := store.On(tx).LockGuestErasuresSince(ctx, since, after)
	if err != nil {
		return nil, nil, err
	}
	ids, events := make([]uuid.UUID, len(erasures)), make([]outbox.Event, len(erasures))
	for i, erasure := range erasures {
		ids[i], events[i] = erasure.ID, s.GuestToOutbox(erasure)
	}
	return ids, events, nil
}
