package pages

import (
	"maps"
	"slices"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// The fields of the checkout that those have who signed in.
const (
	// savedField holds the id of the address to send to; empty for the one that is typed.
	savedField = "saved"
	// keepAddressField is whether the address that is typed is to be kept.
	keepAddressField = "keep_address"
)

// checkoutForm is what the checkout's form holds, and who signed in; nil for a guest. Where
// nothing was typed yet it holds what the account knows. A form can be filled in without that, so
// that it can't be read is in the log alone.
func (v *visit) checkoutForm() (session.Form, *customerv1.Customer, error) {
	kept, typed := v.opened.Forms[checkoutPath]
	if v.opened.Account == nil {
		return kept, nil, nil
	}
	customer, err := v.customer()
	switch {
	case isOver(err):
		return kept, nil, err
	case err != nil:
		v.server.Log.WarnContext(v.request.Context(), "what an account knows could not be read", "cause", err.Error())
		return kept, &customerv1.Customer{}, nil
	}
	if !typed || len(kept.Problems) == 0 {
		kept.Values = v.withKnown(kept.Values, customer)
	}
	return kept, customer, nil
}

// withKnown is what was typed into the checkout, with what an account knows where nothing was.
func (v *visit) withKnown(typed map[string]string, customer *customerv1.Customer) map[string]string {
	values := map[string]string{form.Email: customer.GetEmail(), savedField: ""}
	if typed[form.FirstName] == "" {
		values[form.FirstName], values[form.LastName], values[form.Phone] = customer.GetFirstName(), customer.GetLastName(), customer.GetPhone()
	}
	addressed := slices.ContainsFunc(form.AddressFields(), func(name string) bool { return typed[name] != "" })
	if to := v.shippable(customer); len(to) > 0 && !addressed {
		values[savedField] = to[0].GetId()
	}
	maps.Copy(values, typed)
	return values
}

// shippable are the addresses of a customer to which the shop ships, the default one first.
func (v *visit) shippable(customer *customerv1.Customer) []*customerv1.Address {
	countries := v.countries()
	var to []*customerv1.Address
	for _, address := range defaultFirst(customer) {
		if slices.ContainsFunc(countries, func(o view.Option) bool { return o.Value == address.GetPostalAddress().GetRegionCode() }) {
			to = append(to, address)
		}
	}
	return to
}

// savedAddresses are the choice of a customer's addresses; a field without options where they
// have none.
func (v *visit) savedAddresses(customer *customerv1.Customer, kept session.Form) view.FieldData {
	field := view.FieldData{Name: savedField, Label: v.texts.Say("checkout.address"), Value: kept.Values[savedField]}
	for _, address := range v.shippable(customer) {
		field.Options = append(field.Options, view.Option{Value: address.GetId(), Text: v.oneLine(address)})
	}
	if len(field.Options) > 0 {
		field.Options = append(field.Options, view.Option{Text: v.texts.Say("checkout.other_address")})
	}
	if !slices.ContainsFunc(field.Options, func(o view.Option) bool { return o.Value == field.Value }) {
		field.Value = ""
	}
	if problem := kept.Problems[savedField]; problem != "" {
		field.Problem = v.texts.Say(problem)
	}
	return field
}

// signInToOrder keeps what was typed into the checkout, and leads to signing in and back.
func (s *Server) signInToOrder(v *visit) error {
	if _, err := v.session(); err != nil {
		return err
	}
	if v.shopper() == "" {
		return v.see(cartPath)
	}
	typed := v.typed()
	if err := v.remember(func(c *session.Content) { c.Keep(checkoutPath, typed) }); err != nil {
		return err
	}
	return v.see(signInPath, nextField, checkoutPath)
}
