package rpc

import (
	"context"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/mask"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/protoconv"
)

// UpdateCustomer changes the fields that the mask names.
func (s *Server) UpdateCustomer(ctx context.Context, req *customerv1.UpdateCustomerRequest) (*customerv1.UpdateCustomerResponse, error) {
	var read reader
	customer := req.GetCustomer()
	id := read.id("customer.id", customer.GetId())
	if err := read.err(); err != nil {
		return nil, err
	}
	fields, err := mask.Read(req.GetUpdateMask(), customer, "first_name", "last_name", "email", "phone", "default_address_id")
	if err != nil {
		return nil, err
	}
	var change domain.CustomerChange
	if fields.Has("first_name") {
		change.FirstName = &customer.FirstName
	}
	if fields.Has("last_name") {
		change.LastName = &customer.LastName
	}
	if fields.Has("email") {
		change.Email = &customer.Email
	}
	if fields.Has("phone") {
		change.Phone = &customer.Phone
	}
	if fields.Has("default_address_id") {
		change.DefaultAddress = read.optionalID("customer.default_address_id", customer.GetDefaultAddressId())
	}
	if err := read.err(); err != nil {
		return nil, err
	}
	changed, err := s.customers.UpdateCustomer(ctx, id, customer.GetEtag(), change)
	if err != nil {
		return nil, err
	}
	return &customerv1.UpdateCustomerResponse{Customer: protoconv.Customer(changed)}, nil
}
