package outbox

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
)

const (
	// RepublishRows is how many rows a page of a Republisher holds at most. The next page
	// is written when fewer events than that wait in the outbox.
	RepublishRows = 500
	// republishWindow is how long before the newest change events may have been published
	// without having been applied everywhere, when a broker loses its data.
	republishWindow = 24 * time.Hour
	// republishPause is how often the outbox is polled while it is full.
	republishPause = 50 * time.Millisecond
	// republishLock is the advisory lock of a page; any number would do. Advisory locks are
	// per database, so every context has its own.
	republishLock int64 = 0x616e6577
)

// Republisher publishes again the events that no consumer requests and that the broker
// may have lost before every consumer applied them: those of each row whose last change
// lies in the day before the newest change. The events keep their identity, so that
// consumers that know them ignore them.
//
// A Republisher works once, for one goroutine. Each replica has its own, and each of
// them republishes everything.
type Republisher struct {
	// Pool is the context's database.
	Pool *pg.Pool
	// Source is the context's, as in Write.
	Source string
	// Wake has the relay poll the outbox at once.
	Wake func()
	// Now returns the time.
	Now func() time.Time
	// Newest returns the time of the newest change; a time long ago when there is none.
	Newest func(ctx context.Context) (time.Time, error)
	// Page locks the next rows that changed at a time or after it, by id after the one
	// given, RepublishRows at most. It returns their ids and their events; no ids when there
	// are no more rows. While the locks are held, no newer event of these rows can enter the
	// outbox first.
	Page func(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) (ids []uuid.UUID, events []Event, err error)

	since time.Time // zero until it began
	after uuid.UUID // the rows up to it are republished
	done  bool
}

// Run republishes everything, and then waits until ctx ends. Run again after an error,
// it goes on where it stopped.
func (r *Republisher) Run(ctx context.Context) error {
	if err := r.All(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// All returns when every event is in the outbox, or with an error. A page is written
// after the one before it was published, so that new events never wait behind a long
// queue of old ones. Replicas take turns.
func (r *Republisher) All(ctx context.Context) error {
	if r.since.IsZero() {
		newest, err := r.Newest(ctx)
		if err != nil {
			return fmt.Errorf("republish: find the newest change: %w", err)
		}
		r.since = windowStart(newest, r.Now())
	}
	for !r.done {
		if err := r.room(ctx); err != nil {
			return err
		}
		if err := r.page(ctx); err != nil {
			return err
		}
	}
	return nil
}

// windowStart is the time from which on changes are republished. A row from a clock that
// once ran ahead must not move the window away from everything that happened since.
func windowStart(newest, now time.Time) time.Time {
	if newest.After(now) {
		newest = now
	}
	return newest.Add(-republishWindow)
}

// room waits until fewer than RepublishRows events wait to be published.
func (r *Republisher) room(ctx context.Context) error {
	tick := time.NewTicker(republishPause)
	defer tick.Stop()
	for {
		waiting, _, err := Waiting(ctx, r.Pool.Hot(), RepublishRows)
		if err != nil {
			return err
		}
		if waiting < RepublishRows {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (r *Republisher) page(ctx context.Context) error {
	var ids []uuid.UUID
	err := r.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		// Until the transaction's end no other replica republishes.
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, republishLock); err != nil {
			return err
		}
		var events []Event
		var err error
		if ids, events, err = r.Page(ctx, tx, r.since, r.after); err != nil {
			return fmt.Errorf("republish: %w", err)
		}
		tx.OnCommit(r.Wake)
		return Write(ctx, tx, r.Source, events...)
	})
	if err != nil {
		return err
	}
	if r.done = len(ids) == 0; !r.done {
		// A statement that locks may return rows in another order than it locked them.
		r.after = slices.MaxFunc(ids, func(x, y uuid.UUID) int { return bytes.Compare(x[:], y[:]) })
	}
	return nil
}
