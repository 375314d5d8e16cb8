package rpc

import (
	"context"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/services/customer/internal/contract"
)

// CreateAddress adds an address.
func (s *Server) CreateAddress(ctx context.Context, req *customerv1.CreateAddressRequest) (*customerv1.CreateAddressResponse, error) {
	var read reader
	customer := read.id("customer_id", req.GetCustomerId())
	address := read.address("address", req.GetAddress())
	if err := read.err(); err != nil {
		return nil, err
	}
	added, err := s.customers.CreateAddress(ctx, customer, address)
	if err != nil {
		return nil, err
	}
	return &customerv1.CreateAddressResponse{Address: contract.Address(added)}, nil
}
