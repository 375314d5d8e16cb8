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
	// AnewRows is how many rows a page of an Anew holds at most, and how many events
	// may wait in the outbox when the next one is written.
	AnewRows = 500
	// anewWindow is how long before the newest change events may have been published
	// and not been applied everywhere, when a broker loses its data.
	anewWindow = 24 * time.Hour
	// anewPause is how often the outbox is looked at while it is full.
	anewPause = 50 * time.Millisecond
	// anewLock is the advisory lock of a page: "anew" in ASCII. Advisory locks are per
	// database, so every context has its own.
	anewLock int64 = 0x616e6577
)

// Anew says once more what nobody asks for and the broker may have lost before it was
// applied everywhere: the events of every row whose last change lies in the day before
// the newest one. The events keep their identity, and who knows them ignores them.
//
// An Anew works once, for one goroutine; that of each replica says everything.
type Anew struct {
	// Pool is the context's database.
	Pool *pg.Pool
	// Source is the context's, as in Write.
	Source string
	// Wake has the relay look at the outbox at once.
	Wake func()
	// Now is the time.
	Now func() time.Time
	// Newest is when the newest of the changes was; a time long ago when there is none.
	Newest func(ctx context.Context) (time.Time, error)
	// Page locks the next rows that changed at a time or after it, by id after the one
	// given, AnewRows at most, and returns their ids and the events that tell of them; no
	// ids when there are no more. Under the locks no newer event of these rows can enter
	// the outbox first.
	Page func(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) (ids []uuid.UUID, said []Event, err error)

	since time.Time // zero until it began
	after uuid.UUID // the rows up to it are announced
	done  bool
}

// Run says all, and then waits until ctx ends. Run again after an error, it goes on
// where it was.
func (a *Anew) Run(ctx context.Context) error {
	if err := a.All(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// All returns when everything is in the outbox, or when it can't go on. A page is
// written when the one before has left, so that new events never wait behind a long
// row of old ones; replicas take turns.
func (a *Anew) All(ctx context.Context) error {
	if a.since.IsZero() {
		newest, err := a.Newest(ctx)
		if err != nil {
			return fmt.Errorf("announce anew, and look since when: %w", err)
		}
		a.since = windowStart(newest, a.Now())
	}
	for !a.done {
		if err := a.room(ctx); err != nil {
			return err
		}
		if err := a.page(ctx); err != nil {
			return err
		}
	}
	return nil
}

// windowStart is from when on changes are announced anew. A clock that once ran ahead
// must not move the window away from everything that happened since.
func windowStart(newest, now time.Time) time.Time {
	if newest.After(now) {
		newest = now
	}
	return newest.Add(-anewWindow)
}

// room waits until fewer than AnewRows events wait to be published.
func (a *Anew) room(ctx context.Context) error {
	tick := time.NewTicker(anewPause)
	defer tick.Stop()
	for {
		waiting, _, err := Waiting(ctx, a.Pool.Hot(), AnewRows)
		if err != nil {
			return err
		}
		if waiting < AnewRows {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (a *Anew) page(ctx context.Context) error {
	var ids []uuid.UUID
	err := a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		// Until the transaction's end no other replica announces anew.
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, anewLock); err != nil {
			return err
		}
		var said []Event
		var err error
		if ids, said, err = a.Page(ctx, tx, a.since, a.after); err != nil {
			return fmt.Errorf("announce anew: %w", err)
		}
		tx.OnCommit(a.Wake)
		return Write(ctx, tx, a.Source, said...)
	})
	if err != nil {
		return err
	}
	if a.done = len(ids) == 0; !a.done {
		// A statement that locks may return rows in another order than it locked them.
		a.after = slices.MaxFunc(ids, func(x, y uuid.UUID) int { return bytes.Compare(x[:], y[:]) })
	}
	return nil
}
