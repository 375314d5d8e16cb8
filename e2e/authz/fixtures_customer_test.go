package authz_test

import (
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// customerAndAddress are a customer who was made for the cell, and an address of theirs.
func (c *cell) customerAndAddress() (customer, address string) {
	switch c.row.about {
	case missing:
		return uuid.NewString(), uuid.NewString()
	case "address missing":
		return c.adasID(), uuid.NewString()
	case "other's address":
		return c.adasID(), once(c.shop, "somebody's address", func() string {
			somebody := c.somebody().identity.ID
			return must(c.customers.CreateAddress(c.t.Context(), &customerv1.CreateAddressRequest{
				CustomerId: somebody, Address: &customerv1.Address{PostalAddress: home()},
			})).GetAddress().GetId()
		})
	}
	customer = c.newCustomer()
	return customer, must(c.customers.CreateAddress(c.t.Context(), &customerv1.CreateAddressRequest{
		CustomerId: customer, Address: &customerv1.Address{PostalAddress: home()},
	})).GetAddress().GetId()
}

func customerFixtures() map[string]fixture {
	read := func(s *shop, request proto.Message) proto.Message {
		id := ""
		switch request := request.(type) {
		case *customerv1.UpdateCustomerRequest:
			id = request.GetCustomer().GetId()
		case *customerv1.EraseCustomerRequest:
			if id = request.GetId(); id == "" { // a guest, of whom orders alone know
				filter := fmt.Sprintf("email = %q", request.GetEmail())
				found := &orderv1.ListOrdersResponse{}
				for _, order := range must(s.orders.ListOrders(s.t.Context(), &orderv1.ListOrdersRequest{Filter: filter})).GetOrders() {
					found.Orders = append(found.Orders, &orderv1.Order{Id: order.GetId(), Contact: order.GetContact()})
				}
				return found
			}
		case interface{ GetCustomerId() string }:
			id = request.GetCustomerId()
		}
		return must(s.customers.GetCustomer(s.t.Context(), &customerv1.GetCustomerRequest{Id: id}))
	}
	return map[string]fixture{
		"CustomerService/CreateCustomer": {request: func(*cell) proto.Message {
			return &customerv1.CreateCustomerRequest{Customer: &customerv1.Customer{FirstName: "Ada", Email: address("ada")}}
		}},
		"CustomerService/GetCustomer": {request: func(c *cell) proto.Message {
			return &customerv1.GetCustomerRequest{Id: c.id(c.adasID)}
		}},
		"CustomerService/ListCustomers": {request: func(*cell) proto.Message { return &customerv1.ListCustomersRequest{PageSize: 5} }},
		"CustomerService/UpdateCustomer": {read: read, request: func(c *cell) proto.Message {
			return &customerv1.UpdateCustomerRequest{
				Customer: &customerv1.Customer{Id: c.id(c.newCustomer), LastName: unique("L")}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"last_name"}},
			}
		}},
		"CustomerService/EraseCustomer": {read: read, request: func(c *cell) proto.Message {
			if c.row.about == "guest's" {
				order := c.orderTo(1)
				if c.as.column == nobody {
					must(c.orders.PlaceOrder(c.t.Context(), order))
				}
				return &customerv1.EraseCustomerRequest{Email: order.GetContact().GetEmail()}
			}
			return &customerv1.EraseCustomerRequest{Id: c.id(c.newCustomer)}
		}},
		"CustomerService/ExportCustomer": {request: func(c *cell) proto.Message {
			if c.row.about == "guest's" {
				return &customerv1.ExportCustomerRequest{Email: address("guest")}
			}
			return &customerv1.ExportCustomerRequest{Id: c.id(c.adasID)}
		}},
		"CustomerService/CreateAddress": {read: read, request: func(c *cell) proto.Message {
			return &customerv1.CreateAddressRequest{CustomerId: c.id(c.newCustomer), Address: &customerv1.Address{PostalAddress: home()}}
		}},
		"CustomerService/UpdateAddress": {read: read, request: func(c *cell) proto.Message {
			customer, address := c.customerAndAddress()
			return &customerv1.UpdateAddressRequest{
				CustomerId: customer, Address: &customerv1.Address{Id: address, Label: "work"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"label"}},
			}
		}},
		"CustomerService/DeleteAddress": {read: read, request: func(c *cell) proto.Message {
			customer, address := c.customerAndAddress()
			return &customerv1.DeleteAddressRequest{CustomerId: customer, Id: address}
		}},
		"CustomerService/LinkAccount": {request: func(*cell) proto.Message {
			return &customerv1.LinkAccountRequest{AccountId: uuid.NewString(), Email: address("ada"), FirstName: "Ada"}
		}},
	}
}
