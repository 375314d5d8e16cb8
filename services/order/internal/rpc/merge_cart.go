package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// MergeCart moves what is in a guest's cart into the caller's.
func (s *CartServer) MergeCart(ctx context.Context, req *orderv1.MergeCartRequest) (*orderv1.MergeCartResponse, error) {
	requestID, err := readRequiredRequestID(req.GetRequestId())
	if err != nil {
		return nil, err
	}
	cart, err := s.carts.Merge(ctx, requestID, req)
	if err != nil {
		return nil, err
	}
	return &orderv1.MergeCartResponse{Cart: cartOf(cart)}, nil
}
