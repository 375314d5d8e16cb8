package rpc

import (
	"context"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/services/customer/internal/protoconv"
)

// GetCustomer reads a customer.
func (s *Server) GetCustomer(ctx context.Context, req *customerv1.GetCustomerRequest) (*customerv1.GetCustomerResponse, error) {
	var read reader
	id := read.id("id", req.GetId())
	if err := read.err(); err != nil {
		return nil, err
	}
	customer, err := s.customers.GetCustomer(ctx, id)
	if err != nil {
		return nil, err
	}
	return &customerv1.GetCustomerResponse{Customer: protoconv.Customer(customer)}, nil
}
