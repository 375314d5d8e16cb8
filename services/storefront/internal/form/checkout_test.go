package form_test

import (
	"slices"
	"testing"

	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
)

// What is typed into the checkout's fields stands where the contract has it.
func TestACheckoutBecomesAnOrder(t *testing.T) {
	t.Parallel()
	typed := make(map[string]string)
	for _, field := range form.CheckoutFields() {
		typed[field] = field
	}
	req := form.Place(typed)
	contact, address := req.GetContact(), req.GetShippingAddress()
	for field, got := range map[string]string{
		form.Email: contact.GetEmail(), form.FirstName: contact.GetFirstName(), form.LastName: contact.GetLastName(), form.Phone: contact.GetPhone(),
		form.Company: address.GetOrganization(), form.Postcode: address.GetPostalCode(), form.Town: address.GetLocality(),
		form.State: address.GetAdministrativeArea(), form.Country: address.GetRegionCode(), form.Payment: req.GetPaymentMethod(),
	} {
		if got != field {
			t.Errorf("%s became %q", field, got)
		}
	}
	if !slices.Equal(address.GetAddressLines(), []string{form.Street, form.Line2}) {
		t.Errorf("the lines are %v", address.GetAddressLines())
	}
	if got := form.Place(nil).GetShippingAddress().GetAddressLines(); len(got) != 1 {
		t.Errorf("an empty street is %v: its violation would have no field", got)
	}
	required := 0
	for _, field := range form.CheckoutFields() {
		if form.CheckoutRules(field).MaxLength == 0 {
			t.Errorf("%s has no bound", field)
		}
		if form.CheckoutRules(field).Required {
			required++
		}
	}
	if required != 5 {
		t.Errorf("%d fields are required", required)
	}
}
