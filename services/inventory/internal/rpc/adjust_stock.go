package rpc

import (
	"context"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/services/inventory/internal/app"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/protoconv"
)

// AdjustStock adds to or takes from what is on hand.
func (s *Server) AdjustStock(ctx context.Context, req *inventoryv1.AdjustStockRequest) (*inventoryv1.AdjustStockResponse, error) {
	id, err := readID("request_id", req.GetRequestId())
	if err != nil {
		return nil, err
	}
	adjustment := app.Adjustment{
		RequestID: id, ProductCode: req.GetProductCode(), Delta: req.GetDelta(), Reason: req.GetReason(),
	}
	return app.Adjust(ctx, s.stocks, adjustment, req, func(stock domain.Stock) *inventoryv1.AdjustStockResponse {
		return &inventoryv1.AdjustStockResponse{Stock: protoconv.Stock(stock)}
	})
}
