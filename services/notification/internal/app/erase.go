package app

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/store"
)

const (
	// erasedTogether bounds the mails that one transaction blanks. It must end within
	// the time of a batch of events, or it would be tried for ever and keep all others
	// waiting.
	erasedTogether = 5000
	// erasedPeople bounds the customers, and the orders, whose rest one transaction
	// takes up.
	erasedPeople = 100
	// eraseInterval is how often it polls for mails that are left.
	eraseInterval = 5 * time.Second
)

// Erasure blanks the mails of people whose data goes.
type Erasure struct {
	Pool     *pg.Pool
	Sender   *Sender
	ToOutbox ToOutbox
	Now      func() time.Time
	Log      *slog.Logger
}

// blank blanks mails of people, and ends those that were to be sent; those first.
// Where more than erasedTogether are there, Late blanks the rest.
func (e *Erasure) blank(ctx context.Context, tx *pg.Tx, erased domain.Erasure, now time.Time) ([]domain.Event, error) {
	mails, err := store.On(tx).LockOfErased(ctx, erased, erasedTogether)
	if err != nil {
		return nil, err
	}
	var published []domain.Event
	var ended []uuid.UUID
	for i := range mails {
		after, event := mails[i].Erase(now)
		if event != nil {
			published, ended = append(published, *event), append(ended, event.NotificationID)
		}
		mails[i] = after
	}
	for part := range slices.Chunk(mails, 1000) {
		if err := store.On(tx).Blank(ctx, part); err != nil {
			return nil, err
		}
	}
	if len(ended) > 0 {
		tx.OnCommit(func() { e.Sender.Forget(ended) })
	}
	if len(mails) < erasedTogether {
		return published, nil
	}
	return published, store.On(tx).SetUnfinished(ctx, erased, true)
}

// Run blanks what was too much for the transaction that applied an erasure.
func (e *Erasure) Run(ctx context.Context) error {
	ticker := time.NewTicker(eraseInterval)
	defer ticker.Stop()
	late := condition.New(e.Log, "blanking the rest of erased people's mails fails; it is tried again")
	for {
		late.Notice(ctx, e.Late(ctx))
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Late blanks what is left of erased people's mails, a part per transaction.
func (e *Erasure) Late(ctx context.Context) error {
	for more := true; more; {
		err := e.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
			erased, err := store.On(tx).LockUnfinished(ctx, erasedPeople)
			if err != nil {
				return err
			}
			if more = !erased.None(); !more {
				return nil
			}
			if err := store.On(tx).SetUnfinished(ctx, erased, false); err != nil {
				return err
			}
			published, err := e.blank(ctx, tx, erased, e.Now())
			if err != nil {
				return err
			}
			return e.ToOutbox.publish(ctx, tx, published)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
