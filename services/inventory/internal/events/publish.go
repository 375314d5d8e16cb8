// Package events translates between inventory and the broker.
package events

import (
	"google.golang.org/protobuf/proto"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/protoconv"
)

const (
	// ReservationTopic holds the events of reservations, keyed by the order's id.
	ReservationTopic = "shopmesh.inventory.reservation.v1"
	// StockTopic holds StockLevelChanged, keyed by the product's id; it is compacted.
	StockTopic = "shopmesh.inventory.stock.v1"
	// OrderTopic is order's.
	OrderTopic = "shopmesh.order.order.v1"
	// ProductTopic is catalog's; it holds ProductChanged and is compacted.
	ProductTopic = "shopmesh.catalog.product.v1"
	// CustomerTopic is customer's; it holds CustomerErased.
	CustomerTopic = "shopmesh.customer.customer.v1"
)

// ToOutbox translates an event for the broker.
func ToOutbox(e domain.Event) outbox.Event {
	if e.Kind == domain.StockLevelChanged {
		return outbox.Event{
			Topic: StockTopic, Key: e.Level.ProductID(), Version: e.Version, Time: e.Time,
			Message: &inventoryv1.StockLevelChanged{Stock: protoconv.Stock(e.Level), Version: e.Version},
		}
	}
	return outbox.Event{
		Topic: ReservationTopic, Key: e.OrderID, Version: e.Version, Time: e.Time,
		Traceparent: e.Traceparent, Message: message(e),
	}
}

func message(e domain.Event) proto.Message {
	id := e.OrderID.String()
	switch e.Kind {
	case domain.StockReserved:
		return &inventoryv1.StockReserved{OrderId: id, Version: e.Version}
	case domain.StockRejected:
		return &inventoryv1.StockRejected{OrderId: id, Version: e.Version, Shortages: protoconv.Shortages(e.Shortages)}
	case domain.StockCommitted:
		return &inventoryv1.StockCommitted{OrderId: id, Version: e.Version}
	default:
		return &inventoryv1.StockReleased{OrderId: id, Version: e.Version}
	}
}
