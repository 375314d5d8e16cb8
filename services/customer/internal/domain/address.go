package domain

import (
	"reflect"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/grammar"
)

// MaxAddresses is how many addresses a customer may have.
const MaxAddresses = 20

// maxLabel bounds an address' label, in characters.
const maxLabel = 100

// Address is one of a customer's addresses.
type Address struct {
	ID uuid.UUID
	// Label is what the customer calls it.
	Label  string
	Postal grammar.PostalAddress
}

func (a Address) equal(o Address) bool { return reflect.DeepEqual(a, o) }

// address checks an address; field is its path in the request.
func (v *violations) address(field string, address Address) {
	v.check(field+".label", grammar.Line(address.Label, maxLabel))
	*v = append(*v, grammar.Address(field+".postal_address.", address.Postal)...)
}
