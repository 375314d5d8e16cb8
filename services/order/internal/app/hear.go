package app

import (
	"context"
	"fmt"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Hear applies facts in their order, all in tx: one round trip that locks and
// loads, one with all writes. Money for an order that there is not is an error,
// so that somebody looks; other facts about such an order are ignored.
func (s *Orders) Hear(ctx context.Context, tx *pg.Tx, heard []domain.Heard) error {
	if len(heard) == 0 {
		return nil
	}
	found, err := store.LockOrders(ctx, tx, domain.NeedsOf(heard))
	if err != nil {
		return err
	}
	waiting := domain.AwaitingAnswer(found, heard)
	now := s.Now()
	changed, unknown, err := domain.HearAll(found, heard, s.Settings.Retry, now)
	if err != nil {
		return err
	}
	for _, h := range unknown {
		s.Log.WarnContext(ctx, "ignored a fact about an unknown order",
			"fact", fmt.Sprintf("%T", h.Fact), "from", h.Actor, "order_id", h.OrderID)
	}
	for _, c := range changed {
		for _, ignored := range c.Changes.Ignored {
			s.Log.WarnContext(ctx, "ignored "+ignored)
		}
	}
	var waits []time.Duration
	for _, o := range waiting {
		waits = append(waits, now.Sub(o.CreateTime))
	}
	if len(waits) > 0 {
		tx.OnCommit(func() { s.Backlog.answered(waits) })
	}
	return s.save(ctx, tx, changed)
}
