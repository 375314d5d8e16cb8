package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Republisher republishes each recent OrderErased. Other contexts act on this event, and
// order awaits no report that they did: if the broker lost it, they would keep what they
// hold about the person.
func (s *Orders) Republisher() *outbox.Republisher {
	return &outbox.Republisher{
		Pool: s.Pool, Source: s.Source, Wake: s.Wake, Now: s.Now,
		Newest: func(ctx context.Context) (time.Time, error) { return store.On(s.Pool).NewestErasedOrder(ctx) },
		Page: func(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) (ids []uuid.UUID, events []outbox.Event, err error) {
			erased, err := store.On(tx).OrdersErasedSince(ctx, since, after)
			for _, order := range erased {
				ids = append(ids, order.ID)
				events = append(events, s.ErasedToOutbox(order))
			}
			return ids, events, err
		},
	}
}

// ClaimRepublisher republishes each recent OrderClaimed: nobody reports that they acted on it.
func (s *Orders) ClaimRepublisher() *outbox.Republisher {
	return &outbox.Republisher{
		Pool: s.Pool, Source: s.Source, Wake: s.Wake, Now: s.Now,
		Newest: func(ctx context.Context) (time.Time, error) { return store.On(s.Pool).NewestClaim(ctx) },
		Page: func(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) (ids []uuid.UUID, events []outbox.Event, err error) {
			claimed, err := store.On(tx).OrdersClaimedSince(ctx, since, after)
			for _, order := range claimed {
				ids = append(ids, order.ID)
				events = append(events, s.ClaimedToOutbox(order))
			}
			return ids, events, err
		},
	}
}
