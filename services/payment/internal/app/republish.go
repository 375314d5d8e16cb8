package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// Republisher republishes the recent refunds and disputes. order requests by itself what it
// awaits: the outcomes of charges, and the refunds of cancelled orders. It does not await
// disputes and other refunds, so when their event was lost, it knows of them only by this.
func (p Payments) Republisher() *outbox.Republisher {
	return &outbox.Republisher{
		Pool: p.Pool, Source: p.Recorder.EventSource, Wake: p.Recorder.Wake, Now: p.Now,
		Newest: func(ctx context.Context) (time.Time, error) { return store.On(p.Pool).NewestRepublished(ctx) },
		Page: func(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) ([]uuid.UUID, []outbox.Event, error) {
			payments, changes, err := changedSince(ctx, store.On(tx), since, after, p.Now())
			return payments, p.Recorder.outgoing(changes.Events), err
		},
	}
}

func changedSince(ctx context.Context, s store.Store, since time.Time, after uuid.UUID, now time.Time) (payments []uuid.UUID, changes domain.Changes, err error) {
	if payments, err = s.PaymentsChangedSince(ctx, since, after); err != nil || len(payments) == 0 {
		return nil, changes, err
	}
	accounts, err := s.Lock(ctx, payments)
	if err != nil {
		return nil, changes, err
	}
	disputes, err := s.Disputes(ctx, payments...)
	if err != nil {
		return nil, changes, err
	}
	for _, id := range payments {
		account, found := accounts[id]
		if !found {
			return nil, changes, fmt.Errorf("payment %s has refunds or disputes and is gone", id)
		}
		account.LoadDisputes(disputes[id])
		account.RepublishSince(since)
		changes.Collect(account, now)
	}
	return payments, changes, nil
}
