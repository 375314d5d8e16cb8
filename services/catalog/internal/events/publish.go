// Package events translates between the catalog and the broker.
package events

import (
	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
)

const (
	// ProductTopic holds ProductChanged; it is compacted.
	ProductTopic = "shopmesh.catalog.product.v1"
	// StockTopic is inventory's; it holds StockLevelChanged.
	StockTopic = "shopmesh.inventory.stock.v1"
)

// ToOutbox returns the event with the whole state of a product.
func ToOutbox(product domain.Product) outbox.Event {
	p := product.Snapshot()
	return outbox.Event{
		Topic: ProductTopic, Key: p.ID, Version: p.Version, Time: p.UpdateTime,
		Message: &catalogv1.ProductChanged{Product: protoconv.Product(p), Version: p.Version},
	}
}
