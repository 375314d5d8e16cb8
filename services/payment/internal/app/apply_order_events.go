package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// ApplyOrderEvents applies what order says: it makes payments, cancels and refunds them.
type ApplyOrderEvents struct {
	Deps     Deps
	Recorder Recorder
	// ChargeWorker asks the provider for what was stored.
	Worker *ChargeWorker
}

// Apply takes a batch in the order in which it came. It costs two round trips, and
// a third when an order is cancelled whose money was captured. It is idempotent by
// the order's id: a repeated event finds the payment, and says its outcome again.
func (h ApplyOrderEvents) Apply(ctx context.Context, tx *pg.Tx, batch []domain.OrderEvent) error {
	accounts, err := store.LockByOrders(ctx, tx, distinct(batch))
	if err != nil {
		return err
	}
	decision := h.Deps.Decision()
	changes := domain.ApplyAll(accounts, batch, decision)
	tx.OnCommit(func() { h.Worker.Take(changes) })
	return h.Recorder.save(ctx, tx, changes, decision.Now)
}

// distinct returns the orders of a batch, each once, in the order of their events.
func distinct(batch []domain.OrderEvent) []uuid.UUID {
	seen := make(map[uuid.UUID]bool, len(batch))
	orders := make([]uuid.UUID, 0, len(batch))
	for _, e := range batch {
		if !seen[e.OrderID] {
			seen[e.OrderID] = true
			orders = append(orders, e.OrderID)
		}
	}
	return orders
}
