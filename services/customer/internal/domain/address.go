package domain

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// MaxAddresses is how many addresses a customer may have.
const MaxAddresses = 20

// The bounds of shopmesh.customer.v1.Address; lengths count characters.
const (
	maxLabel        = 100
	maxAddressLines = 5
	maxRecipients   = 20
	maxAddressPart  = 200
)

// PostalAddress is a google.type.PostalAddress, whose contract says what the parts
// are.
type PostalAddress struct {
	// RegionCode is the country: ISO 3166-1 alpha-2, in capitals.
	RegionCode         string
	LanguageCode       string
	PostalCode         string
	SortingCode        string
	AdministrativeArea string
	Locality           string
	Sublocality        string
	AddressLines       []string
	Recipients         []string
	Organization       string
}

// Address is one of a customer's addresses.
type Address struct {
	ID uuid.UUID
	// Label is what the customer calls it.
	Label  string
	Postal PostalAddress
}

func (a Address) equal(o Address) bool {
	return a.ID == o.ID && a.Label == o.Label && a.Postal.equal(o.Postal)
}

func (p PostalAddress) equal(o PostalAddress) bool {
	return slices.Equal(p.AddressLines, o.AddressLines) && slices.Equal(p.Recipients, o.Recipients) &&
		slices.Equal(p.parts(), o.parts())
}

// parts are the single texts, by their fields' order.
func (p PostalAddress) parts() []string {
	return []string{
		p.RegionCode, p.LanguageCode, p.PostalCode, p.SortingCode,
		p.AdministrativeArea, p.Locality, p.Sublocality, p.Organization,
	}
}

// address checks an address; field is its path in the request.
func (v *violations) address(field string, address Address) {
	v.line(field+".label", address.Label, maxLabel)
	postal, at := address.Postal, field+".postal_address."
	if region, err := language.ParseRegion(postal.RegionCode); err != nil || len(postal.RegionCode) != 2 ||
		region.String() != postal.RegionCode || !region.IsCountry() {
		v.add(at+"region_code", "must be a country's ISO 3166-1 alpha-2 code, such as DE")
	}
	if n := len(postal.AddressLines); n == 0 || n > maxAddressLines {
		v.add(at+"address_lines", "must be 1 to %d lines, are %d", maxAddressLines, n)
	} else {
		for i, line := range postal.AddressLines {
			v.required(fmt.Sprintf("%saddress_lines[%d]", at, i), line, maxAddressPart)
		}
	}
	if n := len(postal.Recipients); n > maxRecipients {
		v.add(at+"recipients", "must be at most %d, are %d", maxRecipients, n)
	} else {
		for i, recipient := range postal.Recipients {
			v.line(fmt.Sprintf("%srecipients[%d]", at, i), recipient, maxAddressPart)
		}
	}
	names := []string{
		"", "language_code", "postal_code", "sorting_code",
		"administrative_area", "locality", "sublocality", "organization",
	}
	for i, part := range postal.parts() {
		if i > 0 {
			v.line(at+names[i], part, maxAddressPart)
		}
	}
}

// AddressNotFound is the fault for an id that none of the customer's addresses has.
func AddressNotFound(id uuid.UUID) *fault.Error {
	return fault.New(fault.NotFound, ReasonAddressNotFound, "the customer has no address of the id %s", id).
		With("address_id", id.String())
}

// tooManyAddresses is the fault for one address more than there may be.
func tooManyAddresses() *fault.Error {
	return fault.New(fault.FailedPrecondition, ReasonTooManyAddresses,
		"the customer has %d addresses already, as many as one may have: delete one first", MaxAddresses)
}
