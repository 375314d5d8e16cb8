package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// GetCart reads the caller's cart.
func (s *CartServer) GetCart(ctx context.Context, _ *orderv1.GetCartRequest) (*orderv1.GetCartResponse, error) {
	cart, err := s.carts.Get(ctx)
	if err != nil {
		return nil, err
	}
	return &orderv1.GetCartResponse{Cart: cartOf(cart)}, nil
}
