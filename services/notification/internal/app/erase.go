package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/events"
	"github.com/shopmesh/shopmesh/services/notification/internal/store"
	"github.com/shopmesh/shopmesh/services/notification/internal/store/db"
)

const (
	// erasedTogether bounds the mails that one transaction blanks. It must end within
	// the time of a batch of events, or it would be tried for ever and keep all others
	// waiting.
	erasedTogether = 5000
	// erasedCustomers bounds the customers whose rest one transaction takes up.
	erasedCustomers = 100
	// eraseInterval is how often it polls for mails that are left.
	eraseInterval = 5 * time.Second
)

// Erasure blanks the mails of customers whose data goes.
type Erasure struct {
	Pool   *pg.Pool
	Sender *Sender
	Now    func() time.Time
	Log    *slog.Logger
}

// blank blanks mails of customers, and ends those that were to be sent; those first.
// Where more than erasedTogether are there, Late blanks the rest.
func (e *Erasure) blank(ctx context.Context, tx *pg.Tx, customers []uuid.UUID, now time.Time) ([]domain.Event, error) {
	q := db.New(tx)
	rows, err := q.NotificationLockOfCustomers(ctx, db.NotificationLockOfCustomersParams{CustomerIds: customers, MaxRows: erasedTogether})
	if err != nil {
		return nil, fmt.Errorf("lock the mails of erased customers: %w", err)
	}
	var published []domain.Event
	var ended []uuid.UUID
	states := make([]domain.State, len(rows))
	for i, row := range rows {
		after, event := store.State(db.NotificationLockRow(row)).Erase(now)
		states[i] = after
		if event != nil {
			published, ended = append(published, *event), append(ended, row.ID)
		}
	}
	for part := range slices.Chunk(states, 1000) {
		if err := q.NotificationEraseMany(ctx, store.EraseParams(part)); err != nil {
			return nil, err
		}
	}
	if len(ended) > 0 {
		tx.OnCommit(func() { e.Sender.Forget(ended) })
	}
	if len(rows) < erasedTogether {
		return published, nil
	}
	return published, q.ErasedCustomerSetUnfinished(ctx, db.ErasedCustomerSetUnfinishedParams{Unfinished: true, CustomerIds: customers})
}

// Run blanks what was too much for the transaction that applied an erasure.
func (e *Erasure) Run(ctx context.Context) error {
	ticker := time.NewTicker(eraseInterval)
	defer ticker.Stop()
	late := condition.New(e.Log, "blanking the rest of erased customers' mails fails; it is tried again")
	for {
		late.Notice(ctx, e.Late(ctx))
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Late blanks what is left of erased customers' mails, a part per transaction.
func (e *Erasure) Late(ctx context.Context) error {
	for more := true; more; {
		err := e.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
			q := db.New(tx)
			customers, err := q.ErasedCustomerLockUnfinished(ctx, erasedCustomers)
			if err != nil {
				return fmt.Errorf("find erased customers whose mails are left: %w", err)
			}
			if more = len(customers) > 0; !more {
				return nil
			}
			if err := q.ErasedCustomerSetUnfinished(ctx, db.ErasedCustomerSetUnfinishedParams{CustomerIds: customers}); err != nil {
				return err
			}
			published, err := e.blank(ctx, tx, customers, e.Now())
			if err != nil || len(published) == 0 {
				return err
			}
			return outbox.Write(ctx, tx, events.Source, events.ToOutbox(published)...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
