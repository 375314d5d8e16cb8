package view

import (
	"strconv"

	moneytype "google.golang.org/genproto/googleapis/type/money"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
)

// CartPage is what the cart shows.
type CartPage struct {
	Notice NoticeData
	// Changes tell what is not as the cart showed it last.
	Changes []string
	Lines   []CartLineData
	// Total is the sum of what can be ordered; nil when nothing can.
	Total *moneytype.Money
	// NoStock is whether it is not known now how many there are.
	NoStock bool
	// Orderable is whether the cart can be ordered as it is.
	Orderable bool
	// Removed was taken out just now, so many of it; nil for nothing.
	Removed         *catalogv1.Product
	RemovedQuantity int32
	// LastOrder is the number of the order that was placed last, where the cart is empty.
	LastOrder string
}

// CartLineData is a product in a cart.
type CartLineData struct {
	*orderv1.CartLine

	// Unavailable is whether it can't be ordered any more.
	Unavailable bool
	// Short is whether there are fewer than that, and Available how many.
	Short     bool
	Available int64
}

// NoticeData is what a Notice shows; an empty one shows nothing.
type NoticeData struct{ Kind, Text string }

func nameOf(line CartLineData) string {
	if line.GetName() != "" {
		return line.GetName()
	}
	return line.GetProductCode()
}

// lineID names a line's field: its code as an id may be.
func lineID(line CartLineData) string {
	return "quantity-" + strconv.FormatUint(uint64(hashOf(line.GetProductCode())), 36)
}

// OrderPath is the address of an order's page.
func OrderPath(number string) string { return "/orders/" + number }

// quantityRules are those of a line that is ordered: taking one out has a button of its own.
func quantityRules() form.Rules { return form.RulesOf(&orderv1.OrderLineRequest{}, "quantity") }
