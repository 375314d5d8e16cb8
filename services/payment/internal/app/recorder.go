package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/events"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// Recorder stores what was decided.
type Recorder struct {
	// Wake tells the relay that there are events.
	Wake func()
}

// save queues the changes and their events, to travel with the commit.
func (r Recorder) save(ctx context.Context, tx *pg.Tx, changes domain.Changes, at time.Time) error {
	if err := store.Save(ctx, tx, changes); err != nil {
		return err
	}
	if len(changes.Events) == 0 {
		return nil
	}
	tx.OnCommit(r.Wake)
	return outbox.Write(ctx, tx, events.Source, events.ToOutbox(changes.Events, at)...)
}
