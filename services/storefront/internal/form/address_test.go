package form_test

import (
	"maps"
	"testing"

	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
)

// An address that is spelled out and typed again is the same; one of more lines than there are
// fields for loses none of its text.
func TestAnAddressIsSpelledOut(t *testing.T) {
	t.Parallel()
	address := &postaladdress.PostalAddress{
		RegionCode: "US", PostalCode: "10001", AdministrativeArea: "NY", Locality: "New York", Organization: "Navy", AddressLines: []string{"1 First Avenue", "Floor 2"},
	}
	if again := form.Address(form.Spell(address)); !proto.Equal(again, address) {
		t.Errorf("%v became %v", address, again)
	}
	address.AddressLines = []string{"a", "b", "c"}
	if got := form.Spell(address); got[form.Street] != "a" || got[form.Line2] != "b, c" {
		t.Errorf("three lines are %v", got)
	}
	spelled := form.Spell(address)
	for _, name := range form.AddressFields() {
		delete(spelled, name)
	}
	if len(spelled) > 0 {
		t.Errorf("no field is for %v", maps.Keys(spelled))
	}
}
