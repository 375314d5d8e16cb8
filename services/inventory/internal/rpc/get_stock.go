package rpc

import (
	"context"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/protoconv"
)

// GetStock reads one product's stock by product id or code.
func (s *Server) GetStock(ctx context.Context, req *inventoryv1.GetStockRequest) (*inventoryv1.GetStockResponse, error) {
	stock, err := s.lookUp(ctx, req)
	if err != nil {
		return nil, err
	}
	return &inventoryv1.GetStockResponse{Stock: protoconv.Stock(stock)}, nil
}

func (s *Server) lookUp(ctx context.Context, req *inventoryv1.GetStockRequest) (domain.Stock, error) {
	if req.GetProductCode() != "" {
		return s.stocks.GetByCode(ctx, req.GetProductCode())
	}
	id, err := readID("product_id", req.GetProductId())
	if err != nil {
		return domain.Stock{}, err
	}
	return s.stocks.Get(ctx, id)
}
