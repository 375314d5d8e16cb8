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

const (
	// expiredEvery is how often an expired reservation is republished at the most, by
	// all replicas together.
	expiredEvery = time.Minute
	// expiredRows bounds the events of one transaction.
	expiredRows = 1000
	// maxBacklog is the age of the oldest unsent event from which on republishing
	// would only add to what waits anyway.
	maxBacklog = time.Minute
)

// RunExpired republishes reservations that outlived their order, until ctx ends.
func (s *Stocks) RunExpired(ctx context.Context) error {
	tick := time.NewTicker(expiredEvery / 4)
	defer tick.Stop()
	for {
		if err := s.RepublishExpired(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// RepublishExpired publishes StockReserved again for every reservation that is still
// held a while after its order's expiry; order answers with OrderConfirmed or
// OrderCancelled. Nothing is released here: order alone decides that an order ended.
// It does nothing when another replica did this within the minute.
func (s *Stocks) RepublishExpired(ctx context.Context) error {
	now := s.Now()
	if waiting, oldest, err := outbox.Waiting(ctx, s.Pool, 1); err != nil || waiting > 0 && oldest.Before(now.Add(-maxBacklog)) {
		return err
	}
	mark, mine, err := store.On(s.Pool).ClaimPass(ctx, store.PassRepublishExpired, now, now.Add(-expiredEvery))
	if err != nil || !mine {
		return err
	}
	until := domain.ExpiredUntil(now)
	var next time.Time
	for from, order := mark, uuid.Nil; ; {
		expired, err := store.On(s.Pool).ListExpired(ctx, from, order, until, expiredRows)
		if err != nil {
			return err
		}
		if next.IsZero() {
			next = domain.NextMark(until, expired)
		}
		if err := s.republish(ctx, expired); err != nil {
			return err
		}
		if len(expired) < expiredRows {
			return store.On(s.Pool).AdvancePass(ctx, store.PassRepublishExpired, next)
		}
		end := expired[len(expired)-1]
		from, order = end.ExpireTime, end.OrderID
	}
}

func (s *Stocks) republish(ctx context.Context, expired []domain.Expired) error {
	events := make([]domain.Event, len(expired))
	for i, r := range expired {
		events[i] = r.Event()
	}
	return s.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		return s.publish(ctx, tx, events...)
	})
}
