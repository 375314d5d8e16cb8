package rpc

import (
	"context"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/services/customer/internal/protoconv"
)

// CreateAddress adds an address.
func (s *Server) CreateAddress(ctx context.Context, req *customerv1.CreateAddressRequest) (*customerv1.CreateAddressResponse, error) {
	var read reader
	requestID := read.requestID(req.GetRequestId())
	customer := read.id("customer_id", req.GetCustomerId())
	address := read.address("address", req.GetAddress())
	if err := read.err(); err != nil {
		return nil, err
	}
	added, err := s.customers.CreateAddress(ctx, requestID, req, customer, address)
	if err != nil {
		return nil, err
	}
	return &customerv1.CreateAddressResponse{Address: protoconv.Address(added)}, nil
}
