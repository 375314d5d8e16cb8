package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

const (
	// anewWindow is how long before the newest change events may have been published
	// and not been applied everywhere, when a broker loses its data.
	anewWindow = 24 * time.Hour
	// anewRows bounds the events of one transaction.
	anewRows = 500
	// anewPause is how often the outbox is looked at while it is full.
	anewPause = 50 * time.Millisecond
	// anewLock is the advisory lock of a batch: "anew" in ASCII. Advisory locks are
	// per database, so every context has its own.
	anewLock int64 = 0x616e6577
)

// AnnounceAnew tells of every level that changed of late once more, because the
// broker may have lost what others did not apply yet; what ReconcileLevels finds was
// never published. The events keep their identity, and who knows them ignores them.
// It works once, for one goroutine.
type AnnounceAnew struct {
	Stocks *Stocks

	since time.Time // zero until it began
	after uuid.UUID // all up to it are announced
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

// All announces every level whose last change lies in the window before the
// newest one. A batch is written when the one before has left, so that new events
// never wait behind a long row of old ones; replicas take turns.
func (a *AnnounceAnew) All(ctx context.Context) error {
	if a.since.IsZero() {
		newest, err := store.On(a.Stocks.Pool).NewestStockChange(ctx)
		if err != nil {
			return err
		}
		a.since = windowStart(newest, a.Stocks.Now())
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

// windowStart is from when on changes are announced anew. A clock that once ran
// ahead must not move the window away from everything that happened since.
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
		waiting, err := store.On(a.Stocks.Pool).WaitingEvents(ctx, anewRows)
		if err != nil {
			return err
		}
		if waiting < anewRows {
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
	var stocks []domain.Stock
	err := a.Stocks.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		if err := store.On(tx).TakeAnnounceTurn(ctx, anewLock); err != nil {
			return err
		}
		// Under the locks no newer level of these products can enter the outbox first.
		var err error
		stocks, err = store.On(tx).LockChangedStock(ctx, a.since, a.after, anewRows)
		if err != nil {
			return err
		}
		return a.Stocks.announce(ctx, tx, stocks...)
	})
	if err != nil {
		return err
	}
	if a.done = len(stocks) < anewRows; !a.done {
		a.after = greatest(stocks)
	}
	return nil
}
