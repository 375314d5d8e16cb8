package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// HearOrders applies what order says: it makes payments, cancels and refunds them.
type HearOrders struct {
	Deps     Deps
	Recorder Recorder
	// ChargeWorker asks the provider for what was stored.
	Worker *ChargeWorker
}

// Apply takes a batch in the order in which it came. It costs two round trips, and
// a third when an order is cancelled whose money was captured. It is idempotent by
// the order's id: a repeated event finds the payment, and says its outcome again.
func (h HearOrders) Apply(ctx context.Context, tx *pg.Tx, heard []domain.OrderEvent) error {
	accounts, err := store.LockByOrders(ctx, tx, distinct(heard))
	if err != nil {
		return err
	}
	decision := h.Deps.Decision()
	changes := domain.HearAll(accounts, heard, decision)
	tx.OnCommit(func() { h.Worker.Take(changes) })
	return h.Recorder.save(ctx, tx, changes, decision.Now)
}

// distinct returns the orders of a batch, each once, in the order of their events.
func distinct(heard []domain.OrderEvent) []uuid.UUID {
	seen := make(map[uuid.UUID]bool, len(heard))
	orders := make([]uuid.UUID, 0, len(heard))
	for _, e := range heard {
		if !seen[e.OrderID] {
			seen[e.OrderID] = true
			orders = append(orders, e.OrderID)
		}
	}
	return orders
}
