package view

import (
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
	Fields map[string]Field
	// More is whether the fields that few need are shown at once.
	More bool
	// Checkout, Seen and Expected go with the form: which order it is for, and what it shows.
	Checkout string
	Seen     []string
	Expected string
}

// inOrder are all fields in the order of the page.
func (d CheckoutPage) inOrder() []Field {
	fields := make([]Field, 0, len(d.Fields))
	for _, name := range form.CheckoutFields() {
		fields = append(fields, d.Fields[name])
	}
	return fields
}
