package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Heard is a fact about an order, from the context that says it.
type Heard struct {
	OrderID uuid.UUID
	Fact    domain.Fact
	// Actor is the context's name.
	Actor string
	// Traceparent is the event's trace; may be empty.
	Traceparent string
}

// Hear applies facts in their order, all in tx: one round trip that locks and
// loads, one with all writes. Money for an order that there is not is an error,
// so that somebody looks; other facts about such an order are ignored.
func (s *Orders) Hear(ctx context.Context, tx *pg.Tx, heard []Heard) error {
	if len(heard) == 0 {
		return nil
	}
	found, err := store.LockOrders(ctx, tx, wanted(heard))
	if err != nil {
		return err
	}
	now := s.Now()
	changes := make(map[uuid.UUID]*domain.Changes, len(found))
	var order []uuid.UUID
	for _, h := range heard {
		o, ok := found[h.OrderID]
		if !ok {
			if err := s.withoutOrder(ctx, h); err != nil {
				return err
			}
			continue
		}
		c, ok := changes[o.ID]
		if !ok {
			c = &domain.Changes{}
			changes[o.ID] = c
			order = append(order, o.ID)
		}
		at := domain.Moment{Time: now, Actor: h.Actor, Traceparent: h.Traceparent}
		if err := o.Hear(h.Fact, s.Settings.Ask, at, c); err != nil {
			return err
		}
	}
	changed := make([]store.Changed, 0, len(order))
	for _, id := range order {
		for _, ignored := range changes[id].Ignored {
			s.Log.WarnContext(ctx, "ignored "+ignored)
		}
		changed = append(changed, store.Changed{Order: found[id], Changes: *changes[id]})
	}
	return s.save(ctx, tx, changed)
}

// withoutOrder is what a fact about an unknown order comes to.
func (s *Orders) withoutOrder(ctx context.Context, h Heard) error {
	switch h.Fact.(type) {
	case domain.PaymentCaptured, domain.PaymentRefunded:
		return fmt.Errorf("%s said %T of order %s, which there is not", h.Actor, h.Fact, h.OrderID)
	default:
		s.Log.WarnContext(ctx, "ignored a fact about an unknown order",
			"fact", fmt.Sprintf("%T", h.Fact), "from", h.Actor, "order_id", h.OrderID)
		return nil
	}
}

// wanted says what to load: lines where an event that tells them is likely, and
// refunds where they decide.
func wanted(heard []Heard) store.Wanted {
	var want store.Wanted
	orders, lines, refunds := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for _, h := range heard {
		orders[h.OrderID] = true
		switch fact := h.Fact.(type) {
		case domain.PaymentCaptured, domain.PaymentFailed, domain.StockRejected:
			lines[h.OrderID] = true
		case domain.PaymentRefunded:
			lines[h.OrderID], refunds[h.OrderID] = true, true
		case domain.MailSettled:
			if fact.Kind == domain.RefundMail {
				refunds[h.OrderID] = true
			}
		}
	}
	want.Orders, want.Lines, want.Refunds = keys(orders), keys(lines), keys(refunds)
	return want
}

func keys(set map[uuid.UUID]bool) []uuid.UUID {
	ids := make([]uuid.UUID, 0, len(set))
	for id := range set {
		ids = append(ids, id)
	}
	return ids
}
