package rpc

import (
	"context"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/services/customer/internal/protoconv"
)

// EraseCustomer blanks all personal data of a customer, or of a guest.
func (s *Server) EraseCustomer(ctx context.Context, req *customerv1.EraseCustomerRequest) (*customerv1.EraseCustomerResponse, error) {
	if req.GetEmail() != "" {
		return &customerv1.EraseCustomerResponse{}, s.customers.EraseGuest(ctx, req.GetEmail(), req.GetEvenOpenOrders())
	}
	var read reader
	id := read.id("id", req.GetId())
	if err := read.err(); err != nil {
		return nil, err
	}
	left, err := s.customers.EraseCustomer(ctx, id, req.GetEvenOpenOrders())
	if err != nil {
		return nil, err
	}
	return &customerv1.EraseCustomerResponse{Customer: protoconv.Customer(left)}, nil
}
