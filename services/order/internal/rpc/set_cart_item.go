package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// SetCartItem sets how many of a product are in the caller's cart.
func (s *CartServer) SetCartItem(ctx context.Context, req *orderv1.SetCartItemRequest) (*orderv1.SetCartItemResponse, error) {
	requestID, err := readRequestID(req.GetRequestId())
	if err != nil {
		return nil, err
	}
	cart, token, err := s.carts.SetItem(ctx, requestID, req)
	if err != nil {
		return nil, err
	}
	return &orderv1.SetCartItemResponse{Cart: cartOf(cart), CartToken: token}, nil
}
