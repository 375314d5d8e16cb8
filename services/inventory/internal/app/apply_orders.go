package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

// ApplyOrders applies a batch of order events: one round trip locks and reads all
// that they touch, the domain decides, and the writes travel with tx's commit. An
// error that is not the database's means that the events can't be applied.
func (s *Stocks) ApplyOrders(ctx context.Context, tx *pg.Tx, orders []domain.InboundEvent) error {
	orderIDs, productIDs := touched(orders)
	loaded, err := store.On(tx).LoadOrders(ctx, orderIDs, productIDs)
	if err != nil {
		return err
	}
	// Taken under the locks, so that the times of a row's changes rise.
	now := s.Now()
	decision, err := domain.Decide(loaded, orders, now)
	if err != nil {
		return err
	}
	if err := store.On(tx).WriteDecision(ctx, decision, now); err != nil {
		return err
	}
	return s.publishDecision(ctx, tx, decision)
}

// touched returns the orders and the products of placed orders, each once.
func touched(orders []domain.InboundEvent) (orderIDs, productIDs []uuid.UUID) {
	orderIDs, productIDs = make([]uuid.UUID, 0, len(orders)), []uuid.UUID{}
	seen := make(map[uuid.UUID]struct{}, 4*len(orders))
	once := func(ids []uuid.UUID, id uuid.UUID) []uuid.UUID {
		if _, again := seen[id]; again {
			return ids
		}
		seen[id] = struct{}{}
		return append(ids, id)
	}
	for _, order := range orders {
		orderIDs = once(orderIDs, order.OrderID())
		for _, line := range order.Lines() {
			productIDs = once(productIDs, line.ProductID)
		}
	}
	return orderIDs, productIDs
}

// publishDecision publishes what became of the reservations, and the levels of
// products that ran out or came back; other levels are published together, later.
func (s *Stocks) publishDecision(ctx context.Context, tx *pg.Tx, decision domain.Decision) error {
	levels := decision.Levels()
	if len(levels.Soon)+len(levels.Later) > 0 {
		tx.OnCommit(func() {
			s.Levels.Add(levels.Soon...)
			s.Levels.AddPlenty(levels.Later...)
		})
	}
	return s.publish(ctx, tx, append(decision.Events, domain.LevelsChanged(levels.Now)...)...)
}
