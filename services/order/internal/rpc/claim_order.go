package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// ClaimOrder makes a guest's order the caller's.
func (s *Server) ClaimOrder(ctx context.Context, req *orderv1.ClaimOrderRequest) (*orderv1.ClaimOrderResponse, error) {
	id, err := readOrderID(req.GetId())
	if err != nil {
		return nil, err
	}
	order, history, err := s.orders.Claim(ctx, id, req.GetGuestToken())
	if err != nil {
		return nil, err
	}
	return &orderv1.ClaimOrderResponse{Order: protoconv.Order(order, history)}, nil
}
