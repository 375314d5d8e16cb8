package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// ApplyOrderEvents makes, cancels and refunds payments as order's events demand, in
// their order. It costs two round trips, and a third when an order is cancelled whose
// money was captured. It is idempotent by the order's id: a repeated event finds the
// payment, and republishes its outcome.
func (p Payments) ApplyOrderEvents(ctx context.Context, tx *pg.Tx, batch []domain.InboundEvent) error {
	accounts, err := store.On(tx).LockByOrders(ctx, distinct(batch, func(e domain.InboundEvent) uuid.UUID { return e.OrderID }))
	if err != nil {
		return err
	}
	decision := p.decision()
	changes := domain.ApplyAll(accounts, batch, decision)
	tx.OnCommit(func() { p.Worker.Take(changes) })
	return p.Recorder.save(ctx, tx, changes)
}
