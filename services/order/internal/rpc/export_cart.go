package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// ExportCart reads a customer's cart.
func (s *CartServer) ExportCart(ctx context.Context, req *orderv1.ExportCartRequest) (*orderv1.ExportCartResponse, error) {
	customer, err := readID("customer_id", req.GetCustomerId())
	if err != nil {
		return nil, err
	}
	cart, err := s.carts.ExportCart(ctx, customer)
	if err != nil {
		return nil, err
	}
	return &orderv1.ExportCartResponse{Cart: cartOf(cart)}, nil
}
