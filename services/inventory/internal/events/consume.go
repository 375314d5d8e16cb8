package events

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/protoconv"
)

// Handlers are the use cases behind the events that inventory consumes.
type Handlers struct {
	// AddProducts makes stock for products that are new.
	AddProducts func(ctx context.Context, tx *pg.Tx, products []domain.Product) error
	// ApplyOrders reserves, takes and gives back what orders request.
	ApplyOrders func(ctx context.Context, tx *pg.Tx, orders []domain.InboundEvent) error
	// ErasePersons blanks what is kept of people.
	ErasePersons func(ctx context.Context, tx *pg.Tx, persons []domain.ErasedPerson) error
}

// NewHandler passes products, erasures and orders to their use cases, each in the order in which
// they came, and ignores other types. An event that can't be read fails the batch,
// so that the consumer finds it and sets it aside.
func NewHandler(handlers Handlers) consumer.Handler {
	return func(ctx context.Context, tx *pg.Tx, batch []consumer.Event) error {
		read := reading{orders: make([]domain.InboundEvent, 0, len(batch))}
		for _, e := range batch {
			if err := read.add(e); err != nil {
				return fmt.Errorf("event %s: %w", e.ID, err)
			}
		}
		if len(read.products) > 0 {
			if err := handlers.AddProducts(ctx, tx, read.products); err != nil {
				return err
			}
		}
		if len(read.erased) > 0 {
			if err := handlers.ErasePersons(ctx, tx, read.erased); err != nil {
				return err
			}
		}
		if len(read.orders) == 0 {
			return nil
		}
		return handlers.ApplyOrders(ctx, tx, read.orders)
	}
}

// reading parts a batch by use case.
type reading struct {
	products []domain.Product
	orders   []domain.InboundEvent
	erased   []domain.ErasedPerson
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
	case name(&customerv1.CustomerErased{}):
		person, err := customerErased(e)
		r.erased = append(r.erased, person)
		return err
	default:
		return nil
	}
}

func (r *reading) order(e consumer.Event) func(domain.InboundEvent, error) error {
	return func(event domain.InboundEvent, err error) error {
		if err == nil && event.OrderID() != e.Key {
			err = fmt.Errorf("is about order %s and keyed by %s", event.OrderID(), e.Key)
		}
		r.orders = append(r.orders, event)
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
	status, err := protoconv.ProductStatus(m.GetProduct().GetStatus())
	if err != nil {
		return domain.Product{}, err
	}
	return domain.NewProduct(id, m.GetProduct().GetCode(), status, m.GetVersion())
}

func customerErased(e consumer.Event) (domain.ErasedPerson, error) {
	m := &customerv1.CustomerErased{}
	if err := consumer.Decode(e, m); err != nil {
		return domain.ErasedPerson{}, err
	}
	customer := uuid.Nil
	if m.GetCustomerId() != "" {
		var err error
		if customer, err = uuid.Parse(m.GetCustomerId()); err != nil || customer != e.Key {
			return domain.ErasedPerson{}, fmt.Errorf("is about customer %q and keyed by %s", m.GetCustomerId(), e.Key)
		}
	}
	return domain.NewErasedPerson(customer, m.GetEmail())
}

func orderPlaced(e consumer.Event) (domain.InboundEvent, error) {
	m := &orderv1.OrderPlaced{}
	if err := consumer.Decode(e, m); err != nil {
		return domain.InboundEvent{}, err
	}
	id, err := uuid.Parse(m.GetOrderId())
	if err != nil {
		return domain.InboundEvent{}, fmt.Errorf("order id: %w", err)
	}
	lines := make([]domain.Line, len(m.GetLines()))
	for i, line := range m.GetLines() {
		product, err := uuid.Parse(line.GetProductId())
		if err != nil {
			return domain.InboundEvent{}, fmt.Errorf("product id of line %d: %w", i, err)
		}
		lines[i] = domain.Line{ProductID: product, ProductCode: line.GetProductCode(), Quantity: int64(line.GetQuantity())}
	}
	return domain.NewPlaced(id, lines, m.GetExpireTime().AsTime(), e.Traceparent)
}

func orderConfirmed(e consumer.Event) (domain.InboundEvent, error) {
	m := &orderv1.OrderConfirmed{}
	if err := consumer.Decode(e, m); err != nil {
		return domain.InboundEvent{}, err
	}
	id, err := uuid.Parse(m.GetNotice().GetOrderId())
	if err != nil {
		return domain.InboundEvent{}, fmt.Errorf("order id: %w", err)
	}
	return domain.NewConfirmed(id, e.Traceparent)
}

func orderCancelled(e consumer.Event) (domain.InboundEvent, error) {
	m := &orderv1.OrderCancelled{}
	if err := consumer.Decode(e, m); err != nil {
		return domain.InboundEvent{}, err
	}
	id, err := uuid.Parse(m.GetNotice().GetOrderId())
	if err != nil {
		return domain.InboundEvent{}, fmt.Errorf("order id: %w", err)
	}
	return domain.NewCancelled(id, e.Traceparent)
}
