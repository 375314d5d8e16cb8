package events

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// The types that payment consumes (CloudEvents ce_type).
const (
	typeAwaitingPayment = "shopmesh.order.v1.OrderAwaitingPayment"
	typeCancelled       = "shopmesh.order.v1.OrderCancelled"
	typeClaimed         = "shopmesh.order.v1.OrderClaimed"
	typeErased          = "shopmesh.order.v1.OrderErased"
)

// Handlers are the use cases that events are handed to, within their transaction.
type Handlers struct {
	// Orders applies what happened to orders, in its order.
	Orders func(ctx context.Context, tx *pg.Tx, batch []domain.InboundEvent) error
	// Claim makes the payments of guests' orders those of the customers who claimed these.
	Claim func(ctx context.Context, tx *pg.Tx, orders []domain.ClaimedOrder) error
	// Erase blanks what people typed about orders whose person was erased.
	Erase func(ctx context.Context, tx *pg.Tx, orders []uuid.UUID) error
}

// NewHandler hands what concerns payment to its use cases and ignores the rest. An
// event that can't be read fails the batch, so that the consumer finds it and makes a
// dead letter of it.
func NewHandler(h Handlers) consumer.Handler {
	return func(ctx context.Context, tx *pg.Tx, batch []consumer.Event) error {
		orders := make([]domain.InboundEvent, 0, len(batch))
		var claimed []domain.ClaimedOrder
		var erased []uuid.UUID
		for _, e := range batch {
			var err error
			switch e.Type {
			case typeErased:
				err = readErased(e)
				erased = append(erased, e.Key)
			case typeClaimed:
				var order domain.ClaimedOrder
				order, err = readClaimed(e)
				claimed = append(claimed, order)
			default:
				var event domain.InboundEvent
				var concerns bool
				if event, concerns, err = readOrder(e); concerns {
					orders = append(orders, event)
				}
			}
			if err != nil {
				return fmt.Errorf("event %s: %w", e.ID, err)
			}
		}
		// Payments first: those that the batch makes can be claimed or erased in it.
		if len(orders) > 0 {
			if err := h.Orders(ctx, tx, orders); err != nil {
				return err
			}
		}
		if len(claimed) > 0 {
			if err := h.Claim(ctx, tx, claimed); err != nil {
				return err
			}
		}
		if len(erased) > 0 {
			return h.Erase(ctx, tx, erased)
		}
		return nil
	}
}

// readErased checks that the event's key is the order that was erased.
func readErased(e consumer.Event) error {
	m := &orderv1.OrderErased{}
	if err := consumer.Decode(e, m); err != nil {
		return err
	}
	return sameOrder(e, m.GetOrderId())
}

// readClaimed reads whose an order of a guest became.
func readClaimed(e consumer.Event) (domain.ClaimedOrder, error) {
	m := &orderv1.OrderClaimed{}
	if err := consumer.Decode(e, m); err != nil {
		return domain.ClaimedOrder{}, err
	}
	if err := sameOrder(e, m.GetOrderId()); err != nil {
		return domain.ClaimedOrder{}, err
	}
	customer, err := uuid.Parse(m.GetCustomerId())
	if err != nil {
		return domain.ClaimedOrder{}, fmt.Errorf("customer_id %q: %w", m.GetCustomerId(), err)
	}
	return domain.ClaimedOrder{OrderID: e.Key, CustomerID: customer}, nil
}

func readOrder(e consumer.Event) (event domain.InboundEvent, concerns bool, err error) {
	event.OrderID = e.Key
	switch e.Type {
	case typeAwaitingPayment:
		event.Awaiting, err = readAwaiting(e)
	case typeCancelled:
		event.Cancelled, err = readCancelled(e)
	default:
		return event, false, nil
	}
	event.Trace = e.Traceparent
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
	if err != nil {
		return nil, err
	}
	awaiting.CustomerID, err = optionalID("customer_id", m.GetCustomerId())
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
	id, err := optionalID("payment_id", m.GetPaymentId())
	return &domain.Cancelled{
		PaymentID: id, Currency: m.GetNotice().GetTotal().GetCurrencyCode(), PaymentRequested: m.GetPaymentRequested(),
	}, err
}

// optionalID reads an id that may be empty: the nil id.
func optionalID(field, text string) (uuid.UUID, error) {
	if text == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, fmt.Errorf("%s %q: %w", field, text, err)
	}
	return id, nil
}

// sameOrder refuses an event whose content belongs to another key: its order would
// not be kept among that key's events.
func sameOrder(e consumer.Event, orderID string) error {
	if orderID != e.Key.String() {
		return fmt.Errorf("its key is %s, its order_id %q", e.Key, orderID)
	}
	return nil
}
