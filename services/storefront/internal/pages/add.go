package pages

import (
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// seenCartField is the field of a form that adds something which names the cart that the form
// was shown with.
const seenCartField = "cart"

// add puts some more of a product into the visitor's cart, once for a form: form is what
// distinguishes it from others. It reports whether the same form had added it before
// (docs/decisions/0066).
func (v *visit) add(form, code string, quantity int32) (repeated bool, err error) {
	if !view.ValidCode(code) {
		return false, fault.New(fault.NotFound, reasonProductNotFound, "%q can't be a product's code", code)
	}
	opened, err := v.session()
	if err != nil {
		return false, err
	}
	for range attempts {
		token, salt := v.shopper(), opened.Salt
		if salt == "" || token == "" {
			salt = uuid.NewString()
		}
		cart, made, repeated, err := v.server.Carts.Add(v.as(token), additionOf(salt, form, code, quantity), code, quantity)
		switch {
		case token != "" && reasonOf(err) == reasonCartNotFound:
			if err := v.forgetCart(token); err != nil {
				return false, err
			}
			continue
		case err != nil:
			return false, err
		case made == "":
			return repeated, v.changed(cart, code)
		}
		kept := false
		err = v.remember(func(c *session.Content) {
			if kept = c.Cart == token && c.Account == nil; kept {
				c.Cart, c.Salt, c.Things, c.Etag = made, salt, things(cart), cart.GetEtag()
			}
		})
		if kept || err != nil {
			return false, err
		}
		// Another tab made a cart meanwhile, and it goes into that one.
	}
	return false, fault.New(fault.Unavailable, fault.ReasonUnavailable, "other tabs made carts meanwhile, several times")
}

// additionOf is the request of an addition: the same for a form that is sent again, and another
// for each session, form, product and quantity.
func additionOf(salt, form, code string, quantity int32) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(strings.Join([]string{salt, form, code, strconv.Itoa(int(quantity))}, "\n"))).String()
}

// forgetCart forgets a cart that is not there any more.
func (v *visit) forgetCart(token string) error {
	return v.remember(func(c *session.Content) {
		if c.Cart == token {
			c.Cart, c.Shown, c.Things, c.Etag = "", nil, 0, ""
		}
	})
}

// seeAdded shows the cart after something was added, or was there already.
func (v *visit) seeAdded(repeated bool) error {
	if repeated {
		return v.see(cartPath, addedField, addedBefore)
	}
	return v.see(cartPath, addedField, "1")
}
