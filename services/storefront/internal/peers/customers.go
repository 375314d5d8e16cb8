package peers

import (
	"context"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1/customerv1connect"
	"github.com/shopmesh/shopmesh/kit/peer"
)

// Customers are those who buy.
type Customers struct {
	customers customerv1connect.CustomerServiceClient
}

// NewCustomers returns the customers of others.
func NewCustomers(others *peer.Peers) *Customers {
	return &Customers{customerv1connect.NewCustomerServiceClient(others.Client("customer"))}
}

// Customer reads one with their addresses.
func (c *Customers) Customer(ctx context.Context, id string) (*customerv1.Customer, error) {
	res, err := c.customers.GetCustomer(ctx, &customerv1.GetCustomerRequest{Id: id})
	return res.GetCustomer(), err
}

// AddAddress adds an address, once for a request.
func (c *Customers) AddAddress(ctx context.Context, customer string, address *customerv1.Address, request string) error {
	_, err := c.customers.CreateAddress(ctx, &customerv1.CreateAddressRequest{CustomerId: customer, Address: address, RequestId: request})
	return err
}

// ChangeAddress changes the parts of an address that the paths name.
func (c *Customers) ChangeAddress(ctx context.Context, customer string, address *customerv1.Address, paths []string) error {
	_, err := c.customers.UpdateAddress(ctx, &customerv1.UpdateAddressRequest{
		CustomerId: customer, Address: address, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
	})
	return err
}

// DeleteAddress removes an address.
func (c *Customers) DeleteAddress(ctx context.Context, customer, id string) error {
	_, err := c.customers.DeleteAddress(ctx, &customerv1.DeleteAddressRequest{CustomerId: customer, Id: id})
	return err
}
