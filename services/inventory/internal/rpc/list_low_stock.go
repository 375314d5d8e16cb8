package rpc

import (
	"context"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/inventory/internal/protoconv"
)

// ListLowStock lists products of which no more than a threshold is available.
func (s *Server) ListLowStock(ctx context.Context, req *inventoryv1.ListLowStockRequest) (*inventoryv1.ListLowStockResponse, error) {
	stocks, err := s.stocks.ListLow(ctx, req.Threshold, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(),
		TotalSize: req.GetIncludeTotalSize(),
	})
	if err != nil {
		return nil, err
	}
	return &inventoryv1.ListLowStockResponse{Stocks: protoconv.Stocks(stocks.Items), NextPageToken: stocks.Next, TotalSize: stocks.TotalSize}, nil
}
