package events

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
)

// OrderHeard is an order's event and the trace that it belongs to.
type OrderHeard struct {
	domain.OrderEvent

	Span trace.SpanContext
}

// Uses are the use cases behind the events that inventory hears.
type Uses struct {
	// KnowProducts makes stock for products that are new.
	KnowProducts func(ctx context.Context, tx *pg.Tx, products []domain.Product) error
	// SettleOrders reserves, takes and gives back what orders ask for.
	SettleOrders func(ctx context.Context, tx *pg.Tx, heard []OrderHeard) error
}

// Handler hands products and orders to their use cases, each in the order in which
// they came, and ignores other types. An event that can't be read fails the batch,
// so that the consumer finds it and sets it aside.
func Handler(uses Uses) consumer.Handler {
	return func(ctx context.Context, tx *pg.Tx, batch []consumer.Event) error {
		read := reading{orders: make([]OrderHeard, 0, len(batch))}
		for _, e := range batch {
			if err := read.add(e); err != nil {
				return fmt.Errorf("event %s: %w", e.ID, err)
			}
		}
		if len(read.products) > 0 {
			if err := uses.KnowProducts(ctx, tx, read.products); err != nil {
				return err
			}
		}
		if len(read.orders) == 0 {
			return nil
		}
		return uses.SettleOrders(ctx, tx, read.orders)
	}
}

// reading parts a batch by use case.
type reading struct {
	products []domain.Product
	orders   []OrderHeard
}

func (r *reading) add(e consumer.Event) error {
	switch e.Type {
	case name(&catalogv1.ProductChanged{}):
		product, err := productChanged(e)
		r.products = append(r.products, product)
		return err
	case name(&orderv1.OrderPlaced{}):
		return r.order(e)(orderPlaced(e))
	case name(&orderv1.OrderConfirmed{}):
		return r.order(e)(orderConfirmed(e))
	case name(&orderv1.OrderCancelled{}):
		return r.order(e)(orderCancelled(e))
	default:
		return nil
	}
}

func (r *reading) order(e consumer.Event) func(domain.OrderEvent, error) error {
	return func(event domain.OrderEvent, err error) error {
		if err == nil && event.OrderID() != e.Key {
			err = fmt.Errorf("is about order %s and keyed by %s", event.OrderID(), e.Key)
		}
		r.orders = append(r.orders, OrderHeard{event, e.Span})
		return err
	}
}

func name(m proto.Message) string { return string(m.ProtoReflect().Descriptor().FullName()) }

func productChanged(e consumer.Event) (domain.Product, error) {
	m := &catalogv1.ProductChanged{}
	if err := consumer.Decode(e, m); err != nil {
		return domain.Product{}, err
	}
	id, err := uuid.Parse(m.GetProduct().GetId())
	if err != nil || id != e.Key {
		return domain.Product{}, fmt.Errorf("is about product %q and keyed by %s", m.GetProduct().GetId(), e.Key)
	}
	return domain.Product{ID: id, Code: m.GetProduct().GetCode()}, nil
}

func orderPlaced(e consumer.Event) (domain.OrderEvent, error) {
	m := &orderv1.OrderPlaced{}
	if err := consumer.Decode(e, m); err != nil {
		return domain.OrderEvent{}, err
	}
	id, err := uuid.Parse(m.GetOrderId())
	if err != nil {
		return domain.OrderEvent{}, fmt.Errorf("order id: %w", err)
	}
	lines := make([]domain.Line, len(m.GetLines()))
	for i, line := range m.GetLines() {
		product, err := uuid.Parse(line.GetProductId())
		if err != nil {
			return domain.OrderEvent{}, fmt.Errorf("product id of line %d: %w", i, err)
		}
		lines[i] = domain.Line{ProductID: product, ProductCode: line.GetProductCode(), Quantity: int64(line.GetQuantity())}
	}
	return domain.NewPlaced(id, lines, m.GetExpireTime().AsTime(), traceID(e))
}

func orderConfirmed(e consumer.Event) (domain.OrderEvent, error) {
	m := &orderv1.OrderConfirmed{}
	if err := consumer.Decode(e, m); err != nil {
		return domain.OrderEvent{}, err
	}
	id, err := uuid.Parse(m.GetNotice().GetOrderId())
	if err != nil {
		return domain.OrderEvent{}, fmt.Errorf("order id: %w", err)
	}
	return domain.NewConfirmed(id, traceID(e))
}

func orderCancelled(e consumer.Event) (domain.OrderEvent, error) {
	m := &orderv1.OrderCancelled{}
	if err := consumer.Decode(e, m); err != nil {
		return domain.OrderEvent{}, err
	}
	id, err := uuid.Parse(m.GetNotice().GetOrderId())
	if err != nil {
		return domain.OrderEvent{}, fmt.Errorf("order id: %w", err)
	}
	return domain.NewCancelled(id, traceID(e))
}

// traceID is the event's trace in hex; empty when it has none.
func traceID(e consumer.Event) string {
	if !e.Span.HasTraceID() {
		return ""
	}
	return e.Span.TraceID().String()
}
