// Package events translates between the catalog and the broker.
package events

import (
	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/services/catalog/internal/contract"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
)

const (
	// ProductTopic holds ProductChanged; it is compacted.
	ProductTopic = "shopmesh.catalog.product.v1"
	// StockTopic is inventory's; it holds StockLevelChanged.
	StockTopic = "shopmesh.inventory.stock.v1"
)

// ProductChanged tells the whole state of a product.
func ProductChanged(p domain.Product) outbox.Event {
	return outbox.Event{
		Topic: ProductTopic, Key: p.ID, Version: p.Version, Time: p.UpdateTime,
		Message: &catalogv1.ProductChanged{Product: contract.Product(p), Version: p.Version},
	}
}
