package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// AddCartItem puts some more of a product into the caller's cart.
func (s *CartServer) AddCartItem(ctx context.Context, req *orderv1.AddCartItemRequest) (*orderv1.AddCartItemResponse, error) {
	requestID, err := readRequiredRequestID(req.GetRequestId())
	if err != nil {
		return nil, err
	}
	cart, token, repeated, err := s.carts.AddItem(ctx, requestID, req)
	if err != nil {
		return nil, err
	}
	return &orderv1.AddCartItemResponse{Cart: cartOf(cart), CartToken: token, Repeated: repeated}, nil
}
