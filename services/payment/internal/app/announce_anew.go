package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

const (
	// anewWindow is how long before the newest refund events may have been published
	// and not been applied everywhere, when a broker loses its data.
	anewWindow = 24 * time.Hour
	// anewPause is how often the outbox is looked at while it is full.
	anewPause = 50 * time.Millisecond
	// anewLock is the advisory lock of a batch: "anew" in ASCII. Advisory locks are
	// per database, so every context has its own.
	anewLock int64 = 0x616e6577
)

// AnnounceAnew tells of every refund of late once more, because the broker may have
// lost what order did not apply yet. Order asks for what it awaits, and so hears of
// charges and of a cancelled order's refunds; of a refund that somebody else asked
// for it knows nothing until it is told. The events keep their identity, and order
// ignores those that it knows. It works once, for one goroutine.
type AnnounceAnew struct {
	Pool   *pg.Pool
	Source Source
	Ledger Ledger

	since time.Time // zero until it began
	after uuid.UUID // the payments up to it are announced
	done  bool
}

// Run announces anew, and then waits until ctx ends. Run again after an error, it
// goes on where it was.
func (a *AnnounceAnew) Run(ctx context.Context) error {
	if err := a.All(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// All announces every refund that succeeded in the window before the newest one. A
// batch is written when the one before has left, so that new events never wait behind
// a long row of old ones; replicas take turns.
func (a *AnnounceAnew) All(ctx context.Context) error {
	if a.since.IsZero() {
		newest, err := store.NewestRefund(ctx, a.Pool)
		if err != nil {
			return err
		}
		a.since = windowStart(newest, a.Source.Now())
	}
	for !a.done {
		if err := a.room(ctx); err != nil {
			return err
		}
		if err := a.batch(ctx); err != nil {
			return err
		}
	}
	return nil
}

// windowStart is from when on refunds are announced anew. A clock that once ran ahead
// must not move the window away from everything that happened since.
func windowStart(newest, now time.Time) time.Time {
	if newest.After(now) {
		newest = now
	}
	return newest.Add(-anewWindow)
}

// room waits until fewer events than a batch has wait to be published.
func (a *AnnounceAnew) room(ctx context.Context) error {
	tick := time.NewTicker(anewPause)
	defer tick.Stop()
	for {
		waiting, err := store.WaitingEvents(ctx, a.Pool, store.RefundedAtOnce)
		if err != nil {
			return err
		}
		if waiting < store.RefundedAtOnce {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (a *AnnounceAnew) batch(ctx context.Context) error {
	var payments []uuid.UUID
	err := a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		if err := store.TakeAnnounceTurn(ctx, tx, anewLock); err != nil {
			return err
		}
		var err error
		if payments, err = store.RefundedSince(ctx, tx, a.since, a.after); err != nil || len(payments) == 0 {
			return err
		}
		// Under the locks no newer event of these payments can enter the outbox first.
		accounts, err := store.Lock(ctx, tx, payments)
		if err != nil {
			return err
		}
		var changes domain.Changes
		for _, id := range payments {
			account, found := accounts[id]
			if !found {
				return fmt.Errorf("payment %s has refunds and is gone", id)
			}
			account.SayRefundsSince(a.since)
			changes.Collect(account)
		}
		return a.Ledger.save(ctx, tx, changes, a.Source.Moment().Now)
	})
	if err != nil {
		return err
	}
	if a.done = len(payments) < store.RefundedAtOnce; !a.done {
		a.after = payments[len(payments)-1]
	}
	return nil
}
