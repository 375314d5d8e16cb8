package form_test

import (
	"testing"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
)

// What the contract says about a field is what the page's form says.
func TestRulesAreTheContracts(t *testing.T) {
	t.Parallel()
	place := &orderv1.PlaceOrderRequest{}
	for path, want := range map[string]form.Rules{
		"contact.email":      {Required: true, MaxLength: 1016},
		"contact.first_name": {Required: true, MaxLength: 100},
		"contact.last_name":  {MaxLength: 100},
		"contact.phone":      {MaxLength: 40},
		"payment_method":     {Required: true, MaxLength: 64},
	} {
		if got := form.RulesOf(place, path); got != want {
			t.Errorf("%s: %+v, want %+v", path, got, want)
		}
	}
	if got, want := form.RulesOf(&orderv1.OrderLineRequest{}, "quantity"), (form.Rules{Required: true, Min: 1, Max: 10_000}); got != want {
		t.Errorf("a quantity: %+v, want %+v", got, want)
	}
	if got, want := form.RulesOf(&orderv1.SendOrderLinkRequest{}, "number"), (form.Rules{Required: true, MaxLength: 20}); got != want {
		t.Errorf("an order's number: %+v, want %+v", got, want)
	}
}
