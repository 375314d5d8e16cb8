package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/events"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// Republisher publishes once more of every refund of late. Order asks for what it awaits,
// and so hears of charges and of a cancelled order's refunds; of a refund that somebody
// else asked for it knows nothing until it is told.
func Republisher(pool *pg.Pool, deps Deps, recorder Recorder) *outbox.Republisher {
	return &outbox.Republisher{
		Pool: pool, Source: events.Source, Wake: recorder.Wake, Now: deps.Now,
		Newest: func(ctx context.Context) (time.Time, error) { return store.NewestRefund(ctx, pool) },
		Page: func(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) ([]uuid.UUID, []outbox.Event, error) {
			payments, changes, err := republishRefunds(ctx, tx, since, after)
			return payments, events.ToOutbox(changes.Events, deps.Decision().Now), err
		},
	}
}

func republishRefunds(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) (payments []uuid.UUID, changes domain.Changes, err error) {
	if payments, err = store.RefundedSince(ctx, tx, since, after); err != nil || len(payments) == 0 {
		return nil, changes, err
	}
	accounts, err := store.Lock(ctx, tx, payments)
	if err != nil {
		return nil, changes, err
	}
	for _, id := range payments {
		account, found := accounts[id]
		if !found {
			return nil, changes, fmt.Errorf("payment %s has refunds and is gone", id)
		}
		account.RepublishRefundsSince(since)
		changes.Collect(account)
	}
	return payments, changes, nil
}
