package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// GetOrder reads one order with its history, and what its customer has to do.
func (s *Server) GetOrder(ctx context.Context, req *orderv1.GetOrderRequest) (*orderv1.GetOrderResponse, error) {
	id, err := readOrderID(req.GetId())
	if err != nil {
		return nil, err
	}
	read, err := s.orders.Details(ctx, id)
	if err != nil {
		return nil, err
	}
	order := protoconv.Order(read.Order, read.History)
	order.NextAction = actionOf(read.Action)
	return &orderv1.GetOrderResponse{Order: order}, nil
}
