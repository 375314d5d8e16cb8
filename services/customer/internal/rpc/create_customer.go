package rpc

import (
	"context"
	"fmt"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/protoconv"
)

// CreateCustomer adds a customer.
func (s *Server) CreateCustomer(ctx context.Context, req *customerv1.CreateCustomerRequest) (*customerv1.CreateCustomerResponse, error) {
	var read reader
	requestID := read.requestID(req.GetRequestId())
	customer := req.GetCustomer()
	fields := domain.CustomerFields{
		FirstName: customer.GetFirstName(), LastName: customer.GetLastName(),
		Email: customer.GetEmail(), Phone: customer.GetPhone(),
	}
	for i, address := range customer.GetAddresses() {
		field := fmt.Sprintf("customer.addresses[%d]", i)
		if address.GetId() != "" {
			read.refuse(field+".id", fault.Breach(fault.RuleUnalterable, "is set by the server"))
		}
		fields.Addresses = append(fields.Addresses, read.address(field, address))
	}
	if err := read.err(); err != nil {
		return nil, err
	}
	created, err := s.customers.CreateCustomer(ctx, requestID, req, fields)
	if err != nil {
		return nil, err
	}
	return &customerv1.CreateCustomerResponse{Customer: protoconv.Customer(created)}, nil
}
