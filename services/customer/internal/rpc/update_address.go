package rpc

import (
	"context"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/services/customer/internal/contract"
)

// UpdateAddress replaces an address.
func (s *Server) UpdateAddress(ctx context.Context, req *customerv1.UpdateAddressRequest) (*customerv1.UpdateAddressResponse, error) {
	var read reader
	customer := read.id("customer_id", req.GetCustomerId())
	address := read.address("address", req.GetAddress())
	address.ID = read.id("address.id", req.GetAddress().GetId())
	if err := read.err(); err != nil {
		return nil, err
	}
	changed, err := s.customers.UpdateAddress(ctx, customer, address)
	if err != nil {
		return nil, err
	}
	return &customerv1.UpdateAddressResponse{Address: contract.Address(changed)}, nil
}
