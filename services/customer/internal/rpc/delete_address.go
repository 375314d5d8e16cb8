package rpc

import (
	"context"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
)

// DeleteAddress removes an address.
func (s *Server) DeleteAddress(ctx context.Context, req *customerv1.DeleteAddressRequest) (*customerv1.DeleteAddressResponse, error) {
	var read reader
	customer, address := read.id("customer_id", req.GetCustomerId()), read.id("id", req.GetId())
	if err := read.err(); err != nil {
		return nil, err
	}
	if err := s.customers.DeleteAddress(ctx, customer, address); err != nil {
		return nil, err
	}
	return &customerv1.DeleteAddressResponse{}, nil
}
