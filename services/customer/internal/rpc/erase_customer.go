package rpc

import (
	"context"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/services/customer/internal/contract"
)

// EraseCustomer blanks all personal data of a customer.
func (s *Server) EraseCustomer(ctx context.Context, req *customerv1.EraseCustomerRequest) (*customerv1.EraseCustomerResponse, error) {
	var read reader
	id := read.id("id", req.GetId())
	if err := read.err(); err != nil {
		return nil, err
	}
	left, err := s.customers.Erase(ctx, id)
	if err != nil {
		return nil, err
	}
	return &customerv1.EraseCustomerResponse{Customer: contract.Customer(left)}, nil
}
