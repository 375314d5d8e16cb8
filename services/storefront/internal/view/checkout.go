package view

import (
	"maps"

	moneytype "google.golang.org/genproto/googleapis/type/money"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
)

// CheckoutPage is what the checkout shows.
type CheckoutPage struct {
	Notice NoticeData
	// Changes tell what is not as the visitor saw it last.
	Changes     []string
	Lines       []*orderv1.OrderLine
	Adjustments []*orderv1.Adjustment
	Total       *moneytype.Money
	// Fields are those of form.CheckoutFields, by name.
	Fields map[string]FieldData
	// SignedIn is whether who orders has an account, and Saved the choice of its addresses, without
	// options where it has none. KeepAddress is whether another one is to be kept.
	SignedIn    bool
	Saved       FieldData
	KeepAddress bool
	// More is whether the fields that few need are shown at once.
	More bool
	// Checkout, Seen and Expected go with the form: which order it is for, and what it shows.
	Checkout string
	Seen     []string
	Expected string
}

// inOrder are all fields in the order of the page.
func (d CheckoutPage) inOrder() []FieldData {
	fields := append(make([]FieldData, 0, len(d.Fields)+1), d.Saved)
	for _, name := range form.CheckoutFields() {
		fields = append(fields, d.Fields[name])
	}
	return fields
}

// addressFields are the fields of an address. Those of one that is only typed where none of the
// saved ones is chosen are not required by the page.
func (d CheckoutPage) addressFields() map[string]FieldData {
	if len(d.Saved.Options) == 0 {
		return d.Fields
	}
	fields := maps.Clone(d.Fields)
	for _, name := range []string{form.Street, form.Country} {
		field := fields[name]
		field.Required = false
		fields[name] = field
	}
	return fields
}
