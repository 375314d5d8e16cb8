package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// GetOrder reads one order with its history.
func (s *Server) GetOrder(ctx context.Context, req *orderv1.GetOrderRequest) (*orderv1.GetOrderResponse, error) {
	id, err := readOrderID(req.GetId())
	if err != nil {
		return nil, err
	}
	order, history, err := s.orders.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return &orderv1.GetOrderResponse{Order: protoconv.Order(order, history)}, nil
}
