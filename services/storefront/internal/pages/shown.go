package pages

import (
	"slices"
	"strconv"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// shownCart is the cart as its page shows it; nil for an empty one.
func shownCart(cart *orderv1.Cart, lines []view.CartLineData) *session.Shown {
	if len(lines) == 0 {
		return nil
	}
	all := &session.Shown{Checkout: cart.GetCheckoutId(), Lines: inCart(cart), Total: amountOf(cart.GetTotal())}
	for _, line := range lines {
		if line.Short {
			all.Short = append(all.Short, line.GetProductCode())
		}
	}
	return all
}

// shownOf is what the cart's page showed last of a cart; nil where that was another one.
func (v *visit) shownOf(cart *orderv1.Cart) *session.Shown {
	if was := v.opened.Shown; was != nil && was.Checkout == cart.GetCheckoutId() {
		return was
	}
	return nil
}

// cartChanges tell what is not as the cart's page showed it last: prices, and what there is not
// enough of any more. What can't be ordered any more is told where it stands.
func (v *visit) cartChanges(cart *orderv1.Cart, lines []view.CartLineData) []string {
	was := v.shownOf(cart)
	if was == nil {
		return nil
	}
	before := make(map[string]seenLine, len(was.Lines))
	for _, line := range readSeen(was.Lines) {
		before[line.code] = line
	}
	var told []string
	for _, line := range lines {
		old, known := before[line.GetProductCode()]
		if !known || line.Unavailable {
			continue
		}
		if line.Short && !slices.Contains(was.Short, old.code) {
			told = append(told, v.texts.Fill("change.stock", "Name", line.GetName(), "New", strconv.FormatInt(line.Available, 10), "Old", strconv.Itoa(int(line.GetQuantity()))))
		}
		if amountOf(old.price) != amountOf(line.GetUnitPrice()) {
			told = append(told, v.priceChange(old, line.GetName(), line.GetUnitPrice()))
		}
	}
	return v.withTotal(told, was.Total, cart.GetTotal())
}

// withOwnChange is what was shown of a cart after the visitor changed how many of a product are
// in it, which is no news to them; what the others were shown for stays.
func withOwnChange(was *session.Shown, cart *orderv1.Cart, code string) *session.Shown {
	if was == nil || was.Checkout != cart.GetCheckoutId() {
		return nil
	}
	next := &session.Shown{Checkout: was.Checkout, Short: was.Short}
	if !slices.Contains(was.Short, code) {
		next.Short = append(slices.Clone(was.Short), code)
	}
	known := false
	at := slices.IndexFunc(cart.GetLines(), func(line *orderv1.CartLine) bool { return line.GetProductCode() == code })
	for _, line := range readSeen(was.Lines) {
		switch {
		case line.code != code:
		case at < 0:
			continue
		default:
			known, line.quantity = true, int(cart.GetLines()[at].GetQuantity())
		}
		next.Lines = append(next.Lines, line.String())
	}
	if at >= 0 && !known {
		next.Lines = append(next.Lines, inCart(cart)[at])
	}
	return next
}
