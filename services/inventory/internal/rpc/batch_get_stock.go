package rpc

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/services/inventory/internal/protoconv"
)

// BatchGetStock reads the stock of up to 200 products.
func (s *Server) BatchGetStock(ctx context.Context, req *inventoryv1.BatchGetStockRequest) (*inventoryv1.BatchGetStockResponse, error) {
	ids := make([]uuid.UUID, len(req.GetProductIds()))
	for i, text := range req.GetProductIds() {
		id, err := readID(fmt.Sprintf("product_ids[%d]", i), text)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	stocks, err := s.stocks.BatchGet(ctx, ids, req.GetProductCodes())
	if err != nil {
		return nil, err
	}
	return &inventoryv1.BatchGetStockResponse{Stocks: protoconv.Stocks(stocks)}, nil
}
