package rpc

import (
	"context"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/mask"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/protoconv"
)

// UpdateAddress changes the parts of an address that the mask names.
func (s *Server) UpdateAddress(ctx context.Context, req *customerv1.UpdateAddressRequest) (*customerv1.UpdateAddressResponse, error) {
	var read reader
	given := req.GetAddress()
	customer := read.id("customer_id", req.GetCustomerId())
	id := read.id("address.id", given.GetId())
	if err := read.err(); err != nil {
		return nil, err
	}
	fields, err := mask.Read(req.GetUpdateMask(), given, "label", "postal_address")
	if err != nil {
		return nil, err
	}
	changed, err := s.customers.UpdateAddress(ctx, customer, id, func(current domain.Address) (domain.Address, error) {
		var read reader
		address := read.address("address", mask.Apply(fields, protoconv.Address(current), given))
		return address, read.err()
	})
	if err != nil {
		return nil, err
	}
	return &customerv1.UpdateAddressResponse{Address: protoconv.Address(changed)}, nil
}
