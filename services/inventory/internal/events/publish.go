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
	// Source names this context in its events (CloudEvents ce_source).
	Source = "/shopmesh/inventory"

	// ReservationTopic holds the events of reservations, keyed by the order's id.
	ReservationTopic = "shopmesh.inventory.reservation.v1"
	// StockTopic holds StockLevelChanged, keyed by the product's id; it is compacted.
	StockTopic = "shopmesh.inventory.stock.v1"
	// OrderTopic is order's.
	OrderTopic = "shopmesh.order.order.v1"
	// ProductTopic is catalog's; it holds ProductChanged and is compacted.
	ProductTopic = "shopmesh.catalog.product.v1"
)

// Said is the event of an outcome.
func Said(o domain.Outcome) outbox.Event {
	return outbox.Event{
		Topic: ReservationTopic, Key: o.OrderID, Version: o.Version, Time: o.Time, Message: message(o),
	}
}

func message(o domain.Outcome) proto.Message {
	id := o.OrderID.String()
	switch o.Kind {
	case domain.SaidReserved:
		return &inventoryv1.StockReserved{OrderId: id, Version: o.Version}
	case domain.SaidRejected:
		return &inventoryv1.StockRejected{OrderId: id, Version: o.Version, Shortages: protoconv.Shortages(o.Shortages)}
	case domain.SaidCommitted:
		return &inventoryv1.StockCommitted{OrderId: id, Version: o.Version}
	default:
		return &inventoryv1.StockReleased{OrderId: id, Version: o.Version}
	}
}

// LevelChanged tells the whole stock of a product.
func LevelChanged(s domain.Stock) outbox.Event {
	return outbox.Event{
		Topic: StockTopic, Key: s.ProductID, Version: s.Version, Time: s.UpdateTime,
		Message: &inventoryv1.StockLevelChanged{Stock: protoconv.Stock(s), Version: s.Version},
	}
}

// LevelsChanged tells the whole stock of products.
func LevelsChanged(stocks []domain.Stock) []outbox.Event {
	all := make([]outbox.Event, len(stocks))
	for i, s := range stocks {
		all[i] = LevelChanged(s)
	}
	return all
}
