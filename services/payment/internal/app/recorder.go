package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// Recorder stores what was decided, with the events about it.
type Recorder struct {
	// Wake has the relay poll the outbox.
	Wake func()
	// EventSource is where the events come from (CloudEvents ce_source).
	EventSource string
	// ToOutbox turns the domain's events into the outbox's.
	ToOutbox func(events []domain.Event, at time.Time) []outbox.Event
}

// save queues the changes and their events, to travel with the commit.
func (r Recorder) save(ctx context.Context, tx *pg.Tx, changes domain.Changes, at time.Time) error {
	if err := store.On(tx).Save(ctx, changes); err != nil {
		return err
	}
	if len(changes.Events) == 0 {
		return nil
	}
	tx.OnCommit(r.Wake)
	return outbox.Write(ctx, tx, r.EventSource, r.ToOutbox(changes.Events, at)...)
}
