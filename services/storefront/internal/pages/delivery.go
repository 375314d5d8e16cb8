package pages

import (
	"strings"
	"time"

	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// fewCountries is how many countries the page of a product names.
const fewCountries = 8

// delivery tells how soon and where to a product is sent. What that costs stands in the owner's
// text, and in the checkout.
func (v *visit) delivery(handling time.Duration) view.Delivery {
	d := view.Delivery{Sent: v.sent(handling), ShipsTo: v.shipsTo()}
	if text, _ := v.own.legalText(v.texts.Language(), "shipping"); text != "" {
		d.Shipping = legalPath + "shipping"
	}
	return d
}

// sent tells how soon an order is sent, as the shop promises.
func (v *visit) sent(within time.Duration) string {
	const day = 24 * time.Hour
	if within < 2*day && within%day != 0 {
		return v.texts.Count("product.sent_hours", int((within+time.Hour-1)/time.Hour))
	}
	return v.texts.Count("product.sent_days", int((within+day-1)/day))
}

// shipsTo tells which countries the shop ships to: by their names where they are few.
func (v *visit) shipsTo() string {
	switch count := len(v.own.Regions); {
	case count == 0:
		return v.texts.Say("product.ships_everywhere")
	case count > fewCountries:
		return v.texts.Count("product.ships_count", count)
	}
	var names []string
	for _, country := range v.countries() {
		names = append(names, country.Text)
	}
	return v.texts.Fill("product.ships_to", "Countries", strings.Join(names, " · "))
}
