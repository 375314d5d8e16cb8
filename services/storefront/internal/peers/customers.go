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

// Change changes the fields of a customer that the paths name.
func (c *Customers) Change(ctx context.Context, customer *customerv1.Customer, paths ...string) error {
	_, err := c.customers.UpdateCustomer(ctx, &customerv1.UpdateCustomerRequest{Customer: customer, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
	return err
}

// Export returns the file of all that the shop holds about a customer, and its media type.
func (c *Customers) Export(ctx context.Context, id string) (content []byte, contentType string, err error) {
	res, err := c.customers.ExportCustomer(ctx, &customerv1.ExportCustomerRequest{Id: id})
	return res.GetContent(), res.GetContentType(), err
}

// Erase blanks all personal data of a customer.
func (c *Customers) Erase(ctx context.Context, id string) error {
	_, err := c.customers.EraseCustomer(ctx, &customerv1.EraseCustomerRequest{Id: id})
	return err
}
