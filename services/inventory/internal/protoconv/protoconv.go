// Package protoconv translates between inventory's domain and the contracts, for RPCs
// and events alike.
package protoconv

import (
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/google/uuid"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
)

// Stock returns the stock of a product. Its update time is unset when the product
// has never been known here.
func Stock(s domain.Stock) *inventoryv1.Stock {
	stock := &inventoryv1.Stock{
		ProductId: s.ProductID().String(), ProductCode: s.ProductCode(),
		OnHand: s.OnHand(), Reserved: s.Reserved(), Available: s.Available(),
	}
	if at := s.UpdateTime(); !at.IsZero() {
		stock.UpdateTime = timestamppb.New(at)
	}
	return stock
}

// Stocks returns the stock of products, in their order.
func Stocks(stocks []domain.Stock) []*inventoryv1.Stock {
	all := make([]*inventoryv1.Stock, len(stocks))
	for i, s := range stocks {
		all[i] = Stock(s)
	}
	return all
}

// Movement returns a line of the ledger.
func Movement(m domain.Movement) *inventoryv1.StockMovement {
	movement := &inventoryv1.StockMovement{
		Id: m.ID, ProductId: m.ProductID.String(), ProductCode: m.ProductCode, Kind: movementKind(m.Kind),
		Delta: m.Delta, OnHandAfter: m.OnHandAfter, Reason: m.Reason, Actor: m.Actor,
		CreateTime: timestamppb.New(m.CreateTime), TraceId: m.TraceID,
	}
	if m.OrderID != uuid.Nil {
		movement.OrderId = m.OrderID.String()
	}
	return movement
}

func movementKind(k domain.MovementKind) inventoryv1.StockMovementKind {
	switch k {
	case domain.Adjustment:
		return inventoryv1.StockMovementKind_STOCK_MOVEMENT_KIND_ADJUSTMENT
	case domain.Sale:
		return inventoryv1.StockMovementKind_STOCK_MOVEMENT_KIND_SALE
	case domain.Restock:
		return inventoryv1.StockMovementKind_STOCK_MOVEMENT_KIND_RESTOCK
	default:
		return inventoryv1.StockMovementKind_STOCK_MOVEMENT_KIND_UNSPECIFIED
	}
}

// ProductStatus reads the status of a product of the catalog. One that is not stated is
// ACTIVE, as at a product's creation.
func ProductStatus(s catalogv1.ProductStatus) (domain.ProductStatus, error) {
	switch s {
	case catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT:
		return domain.Draft, nil
	case catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED, catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE:
		return domain.Active, nil
	case catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED:
		return domain.Archived, nil
	default:
		return 0, fmt.Errorf("product status %d is not known", s)
	}
}

// Shortages returns what was short.
func Shortages(shortages []domain.Shortage) []*inventoryv1.StockShortage {
	all := make([]*inventoryv1.StockShortage, len(shortages))
	for i, s := range shortages {
		all[i] = &inventoryv1.StockShortage{
			ProductId: s.ProductID.String(), ProductCode: s.ProductCode, Requested: s.Requested, Available: s.Available,
		}
	}
	return all
}
