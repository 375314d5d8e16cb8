package session

import (
	"maps"
	"slices"
	"time"
)

const (
	// maxOrders is how many orders a session opens: those that came last.
	maxOrders = 50
	// maxForms is how many forms a session keeps, and how many it holds: those of all pages, and of
	// a few addresses.
	maxForms = 20
)

// Content is what a session holds.
type Content struct {
	// Account is the one that the visitor signed in to; nil for a guest.
	Account *Account `json:"account,omitempty"`
	// Factor is the second factor that the account is about to get; nil for none.
	Factor *Factor `json:"factor,omitempty"`
	// Cart is the token of a guest's cart; empty for none. Beside an account it waits to be
	// merged into the cart of that.
	Cart string `json:"cart,omitempty"`
	// Things is how many things are in the cart, as it was last seen, and Etag names what is
	// in it.
	Things int    `json:"things,omitempty"`
	Etag   string `json:"etag,omitempty"`
	// Salt makes the requests that add to the cart this session's own.
	Salt string `json:"salt,omitempty"`
	// Orders are those of a guest that it opens, the last one first.
	Orders []Order `json:"orders,omitempty"`
	// Shown is the cart as its page showed it last; nil where it showed none.
	Shown *Shown `json:"shown,omitempty"`
	// Left are the names of what could not be put into the cart when an order was ordered again.
	Left []string `json:"left,omitempty"`
	// Next is the page that whoever signs up comes back to once they followed the mailed link.
	Next string `json:"next,omitempty"`
	// Forms are what was typed into forms that were refused, by the form's name.
	Forms map[string]Form `json:"forms,omitempty"`
	// Held are the forms of a customer whose session ended before they were taken; nil for none.
	Held *Held `json:"held,omitempty"`
}

// Account is a customer's account, and what proves that the visitor has signed in to it. One
// that is kept is never changed, but replaced.
type Account struct {
	// Customer is the customer's id.
	Customer string `json:"customer"`
	// Access is shown in calls, and Refresh is exchanged for the next of both once Access is
	// over. Each Refresh is used once.
	Access  string `json:"access"`
	Refresh string `json:"refresh"`
}

// Factor is a second factor that is set up. One that is kept is never changed, but replaced.
type Factor struct {
	// Secret is for an authenticator, and URI the same as a link. Both are empty once a code was
	// shown.
	Secret string `json:"secret,omitempty"`
	URI    string `json:"uri,omitempty"`
	// Codes are the recovery codes that the account has then.
	Codes []string `json:"codes,omitempty"`
	// Until is when nobody is shown any of this any more.
	Until time.Time `json:"until"`
}

// Order is an order of a guest.
type Order struct {
	ID     string `json:"id"`
	Number string `json:"number"`
	Token  string `json:"token"`
}

// Shown is what the cart's page showed and what may change meanwhile. One that is kept is never
// changed, but replaced.
type Shown struct {
	// Checkout is the cart's checkout_id: after another order, another cart is shown.
	Checkout string `json:"checkout"`
	// Lines are as forms carry them, and Short the codes of those of which there was not enough.
	Lines []string `json:"lines,omitempty"`
	Short []string `json:"short,omitempty"`
	// Total is what they cost; empty where the visitor changed them since.
	Total string `json:"total,omitempty"`
}

// Form is what was typed into a form, so that nothing is lost where it is refused.
type Form struct {
	Values map[string]string `json:"values,omitempty"`
	// Problems are the ids of the texts about what is wrong with fields, by the field. That
	// of "" is about the form as a whole.
	Problems map[string]string `json:"problems,omitempty"`
	// Seen is what the form showed that may have changed meanwhile.
	Seen []string `json:"seen,omitempty"`
}

// Held are forms that wait for their customer. Nobody else is shown them. What is held is never
// changed, but replaced.
type Held struct {
	Customer string          `json:"customer"`
	Forms    map[string]Form `json:"forms,omitempty"`
}

// Open has the session open an order, too.
func (c *Content) Open(order Order) {
	c.Orders = slices.DeleteFunc(c.Orders, func(known Order) bool { return known.ID == order.ID })
	c.Orders = append([]Order{order}, c.Orders...)
	c.Orders = c.Orders[:min(len(c.Orders), maxOrders)]
}

// Forget has the session not open an order any more.
func (c *Content) Forget(id string) {
	c.Orders = slices.DeleteFunc(slices.Clone(c.Orders), func(known Order) bool { return known.ID == id })
}

// Order returns the order of a number; false where the session opens none.
func (c *Content) Order(number string) (Order, bool) {
	for _, order := range c.Orders {
		if order.Number == number {
			return order, true
		}
	}
	return Order{}, false
}

// Keep keeps a form that was refused.
func (c *Content) Keep(name string, form Form) { c.Forms = with(c.Forms, name, form) }

// Hold keeps a form of a customer who is not signed in any more until they sign in again. Forms
// of another customer are forgotten.
func (c *Content) Hold(customer, name string, form Form) {
	var forms map[string]Form
	if c.Held != nil && c.Held.Customer == customer {
		forms = c.Held.Forms
	}
	c.Held = &Held{Customer: customer, Forms: with(forms, name, form)}
}

// Expire ends that the visitor is signed in, and holds for them what they typed.
func (c *Content) Expire() {
	c.Held = &Held{Customer: c.Account.Customer, Forms: c.Forms}
	c.Account, c.Factor, c.Forms, c.Shown, c.Things, c.Etag = nil, nil, nil, nil, 0, ""
}

// SignIn keeps who the visitor is. What was held for them is theirs again where they typed nothing
// else meanwhile, and what was held for another is forgotten.
func (c *Content) SignIn(account *Account) {
	if c.Held != nil && c.Held.Customer == account.Customer {
		for name, form := range c.Held.Forms {
			if _, typed := c.Forms[name]; !typed {
				c.Keep(name, form)
			}
		}
	}
	c.Account, c.Factor, c.Held = account, nil, nil
}

// with are forms and one more. Of too many, those go whose names come first: the forms of
// addresses, of which there is one for each.
func with(forms map[string]Form, name string, form Form) map[string]Form {
	kept := make(map[string]Form, len(forms)+1)
	maps.Copy(kept, forms)
	kept[name] = form
	for _, other := range slices.Sorted(maps.Keys(kept)) {
		if len(kept) > maxForms && other != name {
			delete(kept, other)
		}
	}
	return kept
}

func (c *Content) clone() Content {
	copied := *c
	copied.Orders, copied.Forms = slices.Clone(c.Orders), maps.Clone(c.Forms)
	return copied
}
