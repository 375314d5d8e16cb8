package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

const (
	// anewWindow is how long before the newest erasure events may have been published
	// and not been applied everywhere, when a broker loses its data.
	anewWindow = 24 * time.Hour
	// anewRows bounds the events of one transaction. CustomerLockErasedSince says the
	// same.
	anewRows = 500
	// anewPause is how often the outbox is looked at while it is full.
	anewPause = 50 * time.Millisecond
	// anewLock is the advisory lock of a batch: "anew" in ASCII. Advisory locks are
	// per database, so every context has its own.
	anewLock int64 = 0x616e6577
)

// AnnounceAnew tells of every customer who was erased of late once more, because the
// broker may have lost what others did not apply yet. The events keep their
// identity, and who knows them ignores them. It works once, for one goroutine.
type AnnounceAnew struct {
	Customers *Customers

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

// All announces every customer who was erased in the window before the
// newest erasure. A batch is written when the one before has left, so that new events
// never wait behind a long row of old ones; replicas take turns.
func (a *AnnounceAnew) All(ctx context.Context) error {
	if a.since.IsZero() {
		newest, err := db.New(a.Customers.Pool).CustomerNewestErasure(ctx)
		if err != nil {
			return fmt.Errorf("look for the newest erasure: %w", err)
		}
		a.since = windowStart(newest, a.Customers.Now())
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

// windowStart is from when on erasures are announced anew. A clock that once ran
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
		waiting, err := db.New(a.Customers.Pool).OutboxWaiting(ctx, anewRows)
		if err != nil {
			return fmt.Errorf("look into the outbox: %w", err)
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
	var rows []db.Customer
	err := a.Customers.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		queries := db.New(tx)
		if err := queries.OutboxAnnounceLock(ctx, anewLock); err != nil {
			return err
		}
		// Under the locks no newer event of these customers can enter the outbox first.
		var err error
		rows, err = queries.CustomerLockErasedSince(ctx, db.CustomerLockErasedSinceParams{Since: a.since, AfterID: a.after})
		if err != nil {
			return fmt.Errorf("lock erased customers: %w", err)
		}
		said := make([]outbox.Event, len(rows))
		for i, row := range rows {
			customer, err := store.Customer(row, []byte(`[]`)) // an erased customer has no address
			if err != nil {
				return err
			}
			said[i] = a.Customers.Announce(customer)
		}
		tx.OnCommit(a.Customers.Wake)
		return outbox.Write(ctx, tx, source, said...)
	})
	if err != nil {
		return err
	}
	if a.done = len(rows) < anewRows; !a.done {
		a.after = rows[len(rows)-1].ID
	}
	return nil
}
