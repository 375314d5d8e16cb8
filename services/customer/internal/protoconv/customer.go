// Package protoconv translates the customers' domain into its contract's messages, for
// answers and events alike.
package protoconv

import (
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/types/known/timestamppb"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
)

// Customer returns a customer.
func Customer(c domain.Snapshot) *customerv1.Customer {
	customer := &customerv1.Customer{
		Id:         c.ID.String(),
		FirstName:  c.FirstName,
		LastName:   c.LastName,
		Email:      c.Email,
		Phone:      c.Phone,
		Erased:     c.Erased,
		CreateTime: timestamppb.New(c.CreateTime),
		UpdateTime: timestamppb.New(c.UpdateTime),
		Etag:       c.Etag(),
	}
	for _, address := range c.Addresses {
		customer.Addresses = append(customer.Addresses, Address(address))
	}
	if c.DefaultAddress != uuid.Nil {
		customer.DefaultAddressId = c.DefaultAddress.String()
	}
	return customer
}

// Address returns an address.
func Address(a domain.Address) *customerv1.Address {
	return &customerv1.Address{Id: a.ID.String(), Label: a.Label, PostalAddress: &postaladdress.PostalAddress{
		RegionCode:         a.Postal.RegionCode,
		LanguageCode:       a.Postal.LanguageCode,
		PostalCode:         a.Postal.PostalCode,
		SortingCode:        a.Postal.SortingCode,
		AdministrativeArea: a.Postal.AdministrativeArea,
		Locality:           a.Postal.Locality,
		Sublocality:        a.Postal.Sublocality,
		AddressLines:       a.Postal.AddressLines,
		Recipients:         a.Postal.Recipients,
		Organization:       a.Postal.Organization,
	}}
}
