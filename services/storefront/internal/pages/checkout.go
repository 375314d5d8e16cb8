package pages

import (
	"net/http"
	"slices"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// checkoutPath is where a cart is ordered.
const checkoutPath = "/checkout"

// The fields of the checkout's form that nobody types.
const (
	// checkoutField names the cart's checkout, totalField what was to be paid, and seenField
	// the lines, as the form showed them.
	checkoutField, totalField, seenField = "checkout", "total", "seen"
)

// checkout is the page on which a cart is ordered. Whoever comes back to it after they ordered
// is led to the order.
func (s *Server) checkout(v *visit) error {
	cart, err := v.cart()
	if err != nil {
		return err
	}
	offer, err := s.propose(v, cart)
	if err != nil {
		return err
	}
	if offer == nil {
		return s.afterCheckout(v)
	}
	kept, customer, err := v.checkoutForm()
	if err != nil {
		return err
	}
	d := view.CheckoutPage{
		Lines: offer.quote.GetLines(), Adjustments: offer.quote.GetAdjustments(), Total: offer.quote.GetTotal(),
		Checkout: offer.cart.GetCheckoutId(), Seen: seen(offer.quote.GetLines()), Expected: amountOf(offer.quote.GetTotal()),
	}
	d.Fields, d.More = v.checkoutFields(kept, offer.quote)
	d.SignedIn, d.Saved, d.KeepAddress = customer != nil, v.savedAddresses(customer, kept), kept.Values[keepAddressField] != ""
	was, total := v.before(kept, offer.cart)
	d.Changes = v.withTotal(v.changes(was, offer.quote.GetLines()), total, d.Total)
	if problem := kept.Problems[""]; problem != "" {
		d.Notice = view.NoticeData{Kind: "bad", Text: v.texts.Say(problem)}
	}
	p := v.page(v.texts.Say("checkout.title"))
	p.Path, p.Hidden = checkoutPath, true
	return v.show(http.StatusOK, noStore, view.Checkout(p, d))
}

// before is what the visitor saw last of what they are about to order, and its total, where that
// is known: the checkout that they sent, else the cart.
func (v *visit) before(kept session.Form, cart *orderv1.Cart) (lines []string, total string) {
	was := v.shownOf(cart)
	switch {
	case kept.Seen != nil:
		return kept.Seen, kept.Values[totalField]
	case was != nil:
		return was.Lines, was.Total
	default:
		return inCart(cart), ""
	}
}

// afterCheckout leads whoever has nothing to order to the order that they placed, or to the
// cart, which says why. The cart is read again: it may have changed just now.
func (s *Server) afterCheckout(v *visit) error {
	cart, err := v.cart()
	if err != nil {
		return err
	}
	if len(cart.GetLines()) == 0 && cart.GetLastOrderId() != "" {
		return s.seeLastOrder(v, cart)
	}
	if len(cart.GetLines()) > 0 && len(cart.GetUnavailableCodes()) == 0 {
		return v.see(cartPath, problemField, "stock")
	}
	return v.see(cartPath)
}

// checkoutFields are the fields with what was typed into them, and whether those that few need
// are shown at once.
func (v *visit) checkoutFields(kept session.Form, quote *orderv1.OrderQuote) (map[string]view.FieldData, bool) {
	fields, more := v.addressFields(form.CheckoutFields(), kept)
	payment := fields[form.Payment]
	payment.Options = v.payments(quote.GetPaymentMethods())
	if offered := payment.Options; !slices.ContainsFunc(offered, func(o view.Option) bool { return o.Value == payment.Value }) && len(offered) > 0 {
		payment.Value = offered[0].Value
	}
	fields[form.Payment] = payment
	return fields, more
}

// addressFields are fields of the checkout with what was typed into them, and whether those that
// few need are shown at once.
func (v *visit) addressFields(names []string, kept session.Form) (map[string]view.FieldData, bool) {
	fields, more := make(map[string]view.FieldData), false
	for _, name := range names {
		field := v.checkoutField(name)
		field.Name, field.Rules, field.Value = name, form.CheckoutRules(name), kept.Values[name]
		if problem := kept.Problems[name]; problem != "" {
			field.Problem = v.texts.Say(problem)
		}
		switch name {
		case form.Country:
			field.Options = v.countries()
			if len(field.Options) == 1 {
				field.Value = field.Options[0].Value
			} else {
				field.Options = append([]view.Option{{Text: v.texts.Say("checkout.choose_country")}}, field.Options...)
			}
		case form.Company, form.Line2, form.Phone:
			more = more || field.Value != "" || field.Problem != ""
		case form.State:
			field.Expected = form.NeedsState(kept.Values[form.Country])
			more = more || !field.Expected && (field.Value != "" || field.Problem != "")
		}
		fields[name] = field
	}
	return fields, more
}

// checkoutField is a field as browsers fill it in (https://html.spec.whatwg.org/#autofill).
func (v *visit) checkoutField(name string) view.FieldData {
	switch name {
	case form.Email:
		return view.FieldData{Label: v.texts.Say("checkout.email"), Type: "email", Autocomplete: "email", Dir: "ltr"}
	case form.FirstName:
		return view.FieldData{Label: v.texts.Say("checkout.first_name"), Autocomplete: "given-name", Dir: "auto"}
	case form.LastName:
		return view.FieldData{Label: v.texts.Say("checkout.last_name"), Autocomplete: "family-name", Dir: "auto"}
	case form.Street:
		return view.FieldData{Label: v.texts.Say("checkout.street"), Autocomplete: "address-line1", Dir: "auto"}
	case form.Line2:
		return view.FieldData{Label: v.texts.Say("checkout.second_line"), Autocomplete: "address-line2", Dir: "auto"}
	case form.Postcode:
		return view.FieldData{Label: v.texts.Say("checkout.postcode"), Autocomplete: "postal-code", Dir: "ltr"}
	case form.Town:
		return view.FieldData{Label: v.texts.Say("checkout.town"), Autocomplete: "address-level2", Dir: "auto"}
	case form.State:
		return view.FieldData{Label: v.texts.Say("checkout.state"), Autocomplete: "address-level1", Dir: "auto"}
	case form.Country:
		return view.FieldData{Label: v.texts.Say("checkout.country"), Autocomplete: "country"}
	case form.Company:
		return view.FieldData{Label: v.texts.Say("checkout.company"), Autocomplete: "organization", Dir: "auto"}
	case form.Phone:
		return view.FieldData{Label: v.texts.Say("checkout.phone"), Type: "tel", Autocomplete: "tel", Dir: "ltr"}
	default:
		return view.FieldData{Label: v.texts.Say("checkout.payment")}
	}
}

// payments are the methods that the page can offer: those with a script of the provider's are
// not among them.
func (v *visit) payments(methods []string) []view.Option {
	var options []view.Option
	for _, method := range methods {
		switch name := v.methodName(method); {
		case name != "":
			options = append(options, view.Option{Value: method, Text: name})
		case method[len(method)-1] != '*':
			options = append(options, view.Option{Value: method, Text: method})
		}
	}
	return options
}

// methodName is what a payment method is called; empty for one that has no name, such as an id of
// a provider's.
func (v *visit) methodName(method string) string {
	names := map[string]string{
		"sandbox_ok": "payment.sandbox_ok", "sandbox_declined": "payment.sandbox_declined", "sandbox_slow": "payment.sandbox_slow",
		"sandbox_unknown_then_ok": "payment.sandbox_lost", "sandbox_unknown_then_declined": "payment.sandbox_lost_declined",
		"stripe_checkout": "payment.stripe_checkout",
	}
	if id, named := names[method]; named {
		return v.texts.Say(id)
	}
	return ""
}
