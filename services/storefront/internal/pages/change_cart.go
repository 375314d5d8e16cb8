package pages

import (
	"strconv"
	"strings"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

const (
	// attempts is how often a change is tried that others were quicker with.
	attempts = 5
	// shownField is the field of a form that takes a product out with how many it showed.
	shownField = "shown"
)

// addToCart puts some more of a product into the cart.
func (s *Server) addToCart(v *visit) error {
	code, quantity := v.field("code"), quantityOf(v.field("quantity"))
	if quantity < 1 {
		return v.see(cartPath, problemField, "quantity")
	}
	repeated, err := v.add(v.field(seenCartField), code, quantity)
	if err != nil {
		return v.cartProblem(err)
	}
	return v.seeAdded(repeated)
}

// setInCart sets how many of a product are in the cart. One that is taken out can be put back.
func (s *Server) setInCart(v *visit) error {
	code, quantity := v.field("code"), quantityOf(v.field("quantity"))
	if quantity < 0 {
		return v.see(cartPath, problemField, "quantity")
	}
	before, err := v.changeCart(code, quantity)
	if err != nil {
		return v.cartProblem(err)
	}
	if quantity == 0 && before == 0 {
		before = quantityOf(v.field(shownField)) // the first of two clicks took it out
	}
	if quantity == 0 && before > 0 {
		return v.see(cartPath, removedField, code, beforeField, strconv.Itoa(int(before)))
	}
	return v.see(cartPath)
}

// changeCart sets how many of a product are in the cart, and returns how many were in it.
// Changes at once, as of two tabs, are made one after the other.
func (v *visit) changeCart(code string, quantity int32) (before int32, err error) {
	if !view.ValidCode(code) {
		return 0, fault.New(fault.NotFound, reasonProductNotFound, "%q can't be a product's code", code)
	}
	for range attempts {
		var done bool
		before, done, err = v.tryChange(code, quantity)
		if done || err != nil && reasonOf(err) != fault.ReasonEtagMismatch {
			return before, err
		}
	}
	return before, err
}

// tryChange changes the cart once. It is not done where another tab made a cart meanwhile:
// what was put into a second one is left there.
func (v *visit) tryChange(code string, quantity int32) (before int32, done bool, err error) {
	current, err := v.cart()
	if err != nil {
		return 0, false, err
	}
	for _, line := range current.GetLines() {
		if line.GetProductCode() == code {
			before = line.GetQuantity()
		}
	}
	shown := v.shopper()
	changed, made, err := v.server.Carts.Set(v.as(shown), code, quantity, current.GetEtag())
	if err != nil {
		return before, false, err
	}
	if made == "" {
		return before, true, v.changed(changed, code)
	}
	err = v.remember(func(c *session.Content) {
		if done = c.Cart == shown && c.Account == nil; done {
			c.Cart, c.Things, c.Etag = made, things(changed), changed.GetEtag()
		}
	})
	return before, done, err
}

// changed keeps how many things are in a cart of which the visitor changed how many of a product
// are in it: no page need tell them of that.
func (v *visit) changed(cart *orderv1.Cart, code string) error {
	return v.remember(func(c *session.Content) {
		c.Things, c.Etag, c.Shown = things(cart), cart.GetEtag(), withOwnChange(c.Shown, cart, code)
		if kept, ok := c.Forms[checkoutPath]; ok {
			kept.Seen = nil
			c.Keep(checkoutPath, kept)
		}
	})
}

// cartProblem shows in the cart why it was not changed.
func (v *visit) cartProblem(err error) error {
	switch reasonOf(err) {
	case reasonProductNotFound, reasonProductArchived:
		return v.see(cartPath, problemField, "product")
	case reasonCurrencyMixed:
		return v.see(cartPath, problemField, "currency")
	case reasonTotalTooLarge:
		return v.see(cartPath, problemField, "total")
	case fault.ReasonInvalidField:
		return v.see(cartPath, problemField, "full")
	default:
		return err
	}
}

// maxQuantity is how many of a product can be ordered.
func maxQuantity() int64 { return form.RulesOf(&orderv1.OrderLineRequest{}, "quantity").Max }

// quantityOf reads a number of things; -1 for what is none.
func quantityOf(text string) int32 {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil || n < 0 || n > maxQuantity() {
		return -1
	}
	return int32(n)
}
