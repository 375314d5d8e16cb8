package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// ClearCart takes everything out of the caller's cart.
func (s *CartServer) ClearCart(ctx context.Context, req *orderv1.ClearCartRequest) (*orderv1.ClearCartResponse, error) {
	cart, err := s.carts.Clear(ctx, req.GetEtag())
	if err != nil {
		return nil, err
	}
	return &orderv1.ClearCartResponse{Cart: cartOf(cart)}, nil
}
