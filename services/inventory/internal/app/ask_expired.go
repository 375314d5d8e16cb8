package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

const (
	// askEvery is how often a reservation is asked about at the most, by all
	// replicas together.
	askEvery = time.Minute
	// askRows bounds the questions of one transaction.
	askRows = 1000
	// askBacklog is the age of the oldest unsent event from which on asking again
	// would only pile up what waits anyway.
	askBacklog = time.Minute
)

// RunAsk asks about reservations that outlived their order, until ctx ends.
func (s *Stocks) RunAsk(ctx context.Context) error {
	tick := time.NewTicker(askEvery / 4)
	defer tick.Stop()
	for {
		if err := s.AskExpired(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// AskExpired says StockReserved again for every reservation that is still held a
// while after its order's expiry; order answers with OrderConfirmed or
// OrderCancelled. Nothing is released here: order alone decides that an order
// ended. It does nothing when another replica asked within the minute.
func (s *Stocks) AskExpired(ctx context.Context) error {
	now := s.Now()
	if waiting, oldest, err := outbox.Waiting(ctx, s.Pool, 1); err != nil || waiting > 0 && oldest.Before(now.Add(-askBacklog)) {
		return err
	}
	mark, mine, err := store.On(s.Pool).ClaimPass(ctx, store.PassAskExpired, now, now.Add(-askEvery))
	if err != nil || !mine {
		return err
	}
	until := domain.AskUntil(now)
	var settled time.Time
	for from, order := mark, uuid.Nil; ; {
		expired, err := store.On(s.Pool).ListExpired(ctx, from, order, until, askRows)
		if err != nil {
			return err
		}
		if settled.IsZero() {
			settled = domain.Settled(until, expired)
		}
		if err := s.ask(ctx, expired); err != nil {
			return err
		}
		if len(expired) < askRows {
			return store.On(s.Pool).AdvancePass(ctx, store.PassAskExpired, settled)
		}
		end := expired[len(expired)-1]
		from, order = end.ExpireTime, end.OrderID
	}
}

func (s *Stocks) ask(ctx context.Context, expired []domain.Expired) error {
	questions := make([]outbox.Event, len(expired))
	for i, r := range expired {
		questions[i] = events.Said(r.Question())
	}
	return s.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		return s.say(ctx, tx, questions...)
	})
}
