package form

import (
	"strings"

	"google.golang.org/genproto/googleapis/type/postaladdress"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// AddressFields are the fields of an address, in the order of the page. They have the same names
// wherever an address is typed.
func AddressFields() []string {
	return []string{Street, Postcode, Town, State, Country, Company, Line2}
}

// AddressPaths are the parts of an address that its fields are about, as an update names them.
func AddressPaths() []string {
	return []string{
		"postal_address.region_code", "postal_address.postal_code", "postal_address.administrative_area", "postal_address.locality",
		"postal_address.organization", "postal_address.address_lines",
	}
}

// Address is the address that was typed.
func Address(typed map[string]string) *postaladdress.PostalAddress {
	lines := []string{typed[Street]}
	if typed[Line2] != "" {
		lines = append(lines, typed[Line2])
	}
	return &postaladdress.PostalAddress{
		RegionCode: typed[Country], PostalCode: typed[Postcode], AdministrativeArea: typed[State], Locality: typed[Town],
		AddressLines: lines, Organization: typed[Company],
	}
}

// AddressViolations are what is wrong with the address that was typed, by the grammar that order
// and customer check it by. They are asked everywhere else; this is for what they are not sent,
// because a state is missing that they would do without.
func AddressViolations(typed map[string]string) []fault.Violation {
	address := Address(typed)
	return grammar.Address("shipping_address.", grammar.PostalAddress{
		RegionCode: address.GetRegionCode(), PostalCode: address.GetPostalCode(), AdministrativeArea: address.GetAdministrativeArea(),
		Locality: address.GetLocality(), AddressLines: address.GetAddressLines(), Organization: address.GetOrganization(),
	})
}

// Spell is an address as it would be typed. What is beyond two lines stands on the second.
func Spell(address *postaladdress.PostalAddress) map[string]string {
	typed := map[string]string{
		Postcode: address.GetPostalCode(), Town: address.GetLocality(), State: address.GetAdministrativeArea(), Country: address.GetRegionCode(),
		Company: address.GetOrganization(),
	}
	if lines := address.GetAddressLines(); len(lines) > 0 {
		typed[Street], typed[Line2] = lines[0], strings.Join(lines[1:], ", ")
	}
	return typed
}
