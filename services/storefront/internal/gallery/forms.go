package main

import (
	"fmt"

	"github.com/a-h/templ"

	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// button is one as the pages have it: HTML's own, with the class.
func button(attributes, text string) templ.Component {
	return templ.Raw(fmt.Sprintf(`<button class="button" type="button" %s>%s</button>`, attributes, templ.EscapeString(text)))
}

// formComponents are what forms are made of.
func formComponents(p view.Page) []shown {
	email := view.FieldData{Name: form.Email, Label: p.Say("checkout.email"), Value: "ada@", Type: "email", Rules: form.CheckoutRules(form.Email)}
	country := view.FieldData{Name: form.Country, Label: p.Say("checkout.country"), Options: []view.Option{{Value: "", Text: p.Say("checkout.choose_country")}, {Value: "GB", Text: "United Kingdom"}}}
	payment := view.FieldData{Name: form.Payment, Label: p.Say("checkout.payment"), Value: "1", Options: []view.Option{{Value: "1", Text: p.Say("payment.stripe_checkout")}, {Value: "2", Text: p.Say("payment.sandbox_ok")}}}
	hinted := view.FieldData{Name: "label", Label: p.Say("address.label"), Hint: p.Say("address.label_hint")}
	wrong := func(field view.FieldData) view.FieldData {
		field.Name, field.Problem = "wrong-"+field.Name, p.Say("form.required")
		return field
	}
	return []shown{
		{"Button", []state{
			{"what a page is for", button("", p.Say("cart.add"))},
			{"quiet", button(`data-kind="quiet"`, p.Say("cart.update"))},
			{"can't be undone", button(`data-kind="bad"`, p.Say("order.cancel_now"))},
			{"a link", templ.Raw(fmt.Sprintf(`<a class="button" href="#">%s</a>`, templ.EscapeString(p.Say("cart.checkout"))))},
		}},
		{"ErrorSummary", []state{{"two fields", view.ErrorSummary(p, []view.FieldData{wrong(email), wrong(country)})}}},
		{"Field", []state{{"typed", view.Field(email)}, {"with a hint", view.Field(hinted)}, {"wrong", view.Field(wrong(email))}}},
		{"Choice", []state{{"nothing chosen", view.Choice(country)}, {"wrong", view.Choice(wrong(country))}}},
		{"Radios", []state{{"chosen", view.Radios(payment)}, {"wrong", view.Radios(wrong(payment))}}},
		{"Check", []state{
			{"open", view.Check(view.FieldData{Name: "keep", Label: p.Say("checkout.keep_address")})},
			{"ticked", view.Check(view.FieldData{Name: "stock", Label: p.Say("filter.stock"), Value: "1"})},
		}},
		{"MoneyField", []state{
			{"empty", view.MoneyField("price", p.Say("filter.min"), "", "", false)},
			{"wrong", view.MoneyField("wrong-price", p.Say("filter.min"), "x", p.Texts.Fill("filter.bad_price", "Value", "x", "Example", "19.50"), false)},
		}},
		{"QuantityField", []state{{"three", view.QuantityField(p, "three", 3)}}},
		{"AddToCart", []state{{"one", view.AddToCart(p, "A")}}},
		{"AddressFields", []state{
			{"typed", view.AddressFields(p, addressFields(p, "typed-", ""), false)},
			{"wrong, all shown", view.AddressFields(p, addressFields(p, "wrong-address-", p.Say("form.required")), true)},
		}},
	}
}

// addressFields are those of an address, whose names begin as stated, as ids are on a page once.
func addressFields(p view.Page, begins, problem string) map[string]view.FieldData {
	fields := map[string]view.FieldData{
		form.Street:   {Label: p.Say("checkout.street"), Value: "12 St James’s Square"},
		form.Postcode: {Label: p.Say("checkout.postcode"), Value: "SW1Y 4JH"},
		form.Town:     {Label: p.Say("checkout.town"), Value: "London"},
		form.State:    {Label: p.Say("checkout.state")},
		form.Country:  {Label: p.Say("checkout.country"), Value: "GB", Options: []view.Option{{Value: "GB", Text: "United Kingdom"}}},
		form.Company:  {Label: p.Say("checkout.company")},
		form.Line2:    {Label: p.Say("checkout.second_line")},
		form.Phone:    {Label: p.Say("checkout.phone"), Type: "tel"},
	}
	for name, field := range fields {
		field.Name, field.Rules, field.Problem = begins+name, form.CheckoutRules(name), problem
		fields[name] = field
	}
	return fields
}
