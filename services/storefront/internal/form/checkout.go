package form

import (
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// The fields of the checkout, named as the answer's violations name them.
const (
	Email     = "contact.email"
	FirstName = "contact.first_name"
	LastName  = "contact.last_name"
	Phone     = "contact.phone"
	Company   = "shipping_address.organization"
	Street    = "shipping_address.address_lines[0]"
	Line2     = "shipping_address.address_lines[1]"
	Postcode  = "shipping_address.postal_code"
	Town      = "shipping_address.locality"
	State     = "shipping_address.administrative_area"
	Country   = "shipping_address.region_code"
	Payment   = "payment_method"
)

// maxAddressPart is how many characters a part of an address may have. The contract states it
// about the address as a whole (kit/grammar has the bound, too).
const maxAddressPart = 200

// CheckoutFields are the fields of the checkout, in the order of the page.
func CheckoutFields() []string {
	return []string{Email, FirstName, LastName, Street, Postcode, Town, State, Country, Company, Line2, Phone, Payment}
}

// CheckoutRules are what the contract says about a field of the checkout.
func CheckoutRules(field string) Rules {
	switch field {
	case Email, FirstName, LastName, Phone, Payment:
		return RulesOf(&orderv1.PlaceOrderRequest{}, field)
	case Street, Country:
		return Rules{Required: true, MaxLength: maxAddressPart}
	default:
		return Rules{MaxLength: maxAddressPart}
	}
}

// Place is an order by what was typed into the checkout.
func Place(typed map[string]string) *orderv1.PlaceOrderRequest {
	return &orderv1.PlaceOrderRequest{
		Contact:         &orderv1.Contact{FirstName: typed[FirstName], LastName: typed[LastName], Email: typed[Email], Phone: typed[Phone]},
		ShippingAddress: Address(typed), PaymentMethod: typed[Payment],
	}
}

// Violations are what is wrong with the person and the address that were typed into the
// checkout, by the grammar that order checks them by.
func Violations(typed map[string]string) []fault.Violation {
	found := AddressViolations(typed)
	check := func(field string, err error) {
		if err != nil {
			found = append(found, fault.Breaks(field, err))
		}
	}
	check(FirstName, grammar.Name(typed[FirstName]))
	check(LastName, grammar.LastName(typed[LastName]))
	check(Phone, grammar.Phone(typed[Phone]))
	_, err := grammar.Email(typed[Email])
	check(Email, err)
	return found
}

// NeedsState reports whether a parcel to a country needs the state or province in its address.
func NeedsState(country string) bool {
	switch country {
	case "AE", "AU", "BR", "CA", "CN", "ID", "IN", "JP", "KR", "MX", "TW", "US":
		return true
	default:
		return false
	}
}
