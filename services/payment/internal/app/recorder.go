package app

import (
	"context"

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
	// ToOutbox translates an event for the broker.
	ToOutbox func(domain.Event) outbox.Event
}

// save queues the changes and their events, to travel with the commit.
func (r Recorder) save(ctx context.Context, tx *pg.Tx, changes domain.Changes) error {
	if err := store.On(tx).Save(ctx, changes); err != nil {
		return err
	}
	if len(changes.Events) == 0 {
		return nil
	}
	tx.OnCommit(r.Wake)
	return outbox.Write(ctx, tx, r.EventSource, r.outgoing(changes.Events)...)
}

// outgoing translates events for the broker.
func (r Recorder) outgoing(events []domain.Event) []outbox.Event {
	all := make([]outbox.Event, len(events))
	for i, e := range events {
		all[i] = r.ToOutbox(e)
	}
	return all
}
