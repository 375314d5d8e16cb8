package app

import (
	"context"
	"fmt"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Apply applies events in their order, all in tx: one round trip that locks and loads,
// one with all writes. Money for an order that does not exist is an error, so that
// it is set aside for an operator; other events about such an order are ignored.
func (s *Orders) Apply(ctx context.Context, tx *pg.Tx, inbound []domain.Inbound) error {
	if len(inbound) == 0 {
		return nil
	}
	found, err := store.On(tx).LockOrders(ctx, domain.LoadSpecOf(inbound))
	if err != nil {
		return err
	}
	waiting := domain.AwaitingAnswer(found, inbound)
	now := s.Now()
	decided, unknown, err := domain.ApplyAll(found, inbound, s.Settings.Now().Policy(), now)
	if err != nil {
		return err
	}
	for _, in := range unknown {
		s.Log.WarnContext(ctx, "ignored an event about an unknown order",
			"event", fmt.Sprintf("%T", in.Event), "from", in.Actor, "order_id", in.OrderID)
	}
	for _, d := range decided {
		for _, ignored := range d.Decision.Ignored {
			s.Log.WarnContext(ctx, "ignored "+ignored)
		}
	}
	var waits []time.Duration
	for _, o := range waiting {
		waits = append(waits, now.Sub(o.CreateTime()))
	}
	if len(waits) > 0 {
		tx.OnCommit(func() { s.Backlog.answered(waits) })
	}
	return s.save(ctx, tx, decided)
}
