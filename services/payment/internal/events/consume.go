package events

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// The types that payment consumes (CloudEvents ce_type).
const (
	typeAwaitingPayment = "shopmesh.order.v1.OrderAwaitingPayment"
	typeCancelled       = "shopmesh.order.v1.OrderCancelled"
)

// Handler hands what concerns payment to apply, in the order in which it came, and
// ignores the rest. An event that can't be read fails the batch, so that the
// consumer finds it and sets it aside.
func Handler(apply func(ctx context.Context, tx *pg.Tx, orders []domain.OrderEvent) error) consumer.Handler {
	return func(ctx context.Context, tx *pg.Tx, batch []consumer.Event) error {
		orders := make([]domain.OrderEvent, 0, len(batch))
		for _, e := range batch {
			event, concerns, err := read(e)
			if err != nil {
				return fmt.Errorf("event %s: %w", e.ID, err)
			}
			if concerns {
				orders = append(orders, event)
			}
		}
		if len(orders) == 0 {
			return nil
		}
		return apply(ctx, tx, orders)
	}
}

func read(e consumer.Event) (event domain.OrderEvent, concerns bool, err error) {
	event = domain.OrderEvent{OrderID: e.Key, Trace: trace.Format(e.Span)}
	switch e.Type {
	case typeAwaitingPayment:
		event.Awaiting, err = readAwaiting(e)
	case typeCancelled:
		event.Cancelled, err = readCancelled(e)
	default:
		return event, false, nil
	}
	return event, true, err
}

func readAwaiting(e consumer.Event) (*domain.AwaitingPayment, error) {
	m := &orderv1.OrderAwaitingPayment{}
	if err := consumer.Decode(e, m); err != nil {
		return nil, err
	}
	if err := sameOrder(e, m.GetOrderId()); err != nil {
		return nil, err
	}
	id, err := uuid.Parse(m.GetPaymentId())
	if err != nil {
		return nil, fmt.Errorf("payment_id %q: %w", m.GetPaymentId(), err)
	}
	total, err := moneypb.FromProto(m.GetTotal())
	if err != nil {
		return nil, fmt.Errorf("total: %w", err)
	}
	awaiting, err := domain.NewAwaitingPayment(id, total, m.GetPaymentMethod())
	return &awaiting, err
}

func readCancelled(e consumer.Event) (*domain.Cancelled, error) {
	m := &orderv1.OrderCancelled{}
	if err := consumer.Decode(e, m); err != nil {
		return nil, err
	}
	if err := sameOrder(e, m.GetNotice().GetOrderId()); err != nil {
		return nil, err
	}
	cancelled := &domain.Cancelled{
		Currency: m.GetNotice().GetTotal().GetCurrencyCode(), PaymentRequested: m.GetPaymentRequested(),
	}
	if text := m.GetPaymentId(); text != "" {
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("payment_id %q: %w", text, err)
		}
		cancelled.PaymentID = id
	}
	return cancelled, nil
}

// sameOrder refuses an event whose content belongs to another key: its order would
// not be kept among that key's events.
func sameOrder(e consumer.Event, orderID string) error {
	if orderID != e.Key.String() {
		return fmt.Errorf("its key is %s, its order_id %q", e.Key, orderID)
	}
	return nil
}
