package main

import (
	"github.com/a-h/templ"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// shown is a component in its states.
type shown struct {
	name   string
	states []state
}

// state is a component as it is in one.
type state struct {
	name      string
	component templ.Component
}

func amount(currency string, units int64) *money.Money {
	return &money.Money{CurrencyCode: currency, Units: units}
}

func product(code, name string, stock int64) *catalogv1.Product {
	return &catalogv1.Product{Code: code, Name: name, CategoryId: code, Price: amount("EUR", 16), AvailableQuantity: stock}
}

// pictured is a product whose picture can't be loaded.
func pictured() *catalogv1.Product {
	p := product("PICTURE", "Its picture fails", 9)
	p.Images = []*catalogv1.ProductImage{{Url: "/nothing.jpg", AltText: "A mug on a table"}}
	return p
}

// components are all that the pages are made of, by name.
func components(p view.Page) []shown {
	return append(catalogComponents(p), orderComponents(p)...)
}

func catalogComponents(p view.Page) []shown {
	long := product("LONG", "Donaudampfschifffahrtsgesellschaftskapitänsmützenhalterung", 3)
	links := []view.Link{{Text: "Kitchen", Href: "#"}, {Text: "Cups and mugs", Href: "#"}}
	sorts := []view.Option{{Value: "name", Text: p.Say("sort.name")}, {Value: "new", Text: p.Say("sort.new")}}
	return []shown{
		{"Swatch", []state{{"without a picture", view.Swatch(p, product("A", "A", 1), false)}, {"its picture fails", view.Swatch(p, pictured(), false)}}},
		{"Price", []state{
			{"euros", view.Price(p, product("A", "A", 1))},
			{"yen, without decimals", view.Price(p, &catalogv1.Product{Price: amount("JPY", 1700)})},
			{"dinars, with three", view.Price(p, &catalogv1.Product{Price: &money.Money{CurrencyCode: "KWD", Units: 1, Nanos: 250_000_000}})},
		}},
		{"Stock", []state{{"enough", view.Stock(p, 20)}, {"few", view.Stock(p, 3)}, {"one", view.Stock(p, 1)}, {"none", view.Stock(p, 0)}}},
		{"ProductCard", []state{{"side by side", view.Cards(p, []*catalogv1.Product{product("A", "Blue mug", 20), long, pictured(), product("B", "كوب أزرق", 0)})}}},
		{"Breadcrumb", []state{{"two steps", view.Breadcrumb(p, links)}}},
		{"Categories", []state{{"two", view.Categories(p, links)}}},
		{"FilterBar", []state{
			{"nothing set", view.FilterBar(p, view.FilterBarData{Action: "#", Sorts: sorts})},
			{"wrong prices", view.FilterBar(p, view.FilterBarData{Action: "#", Sorts: sorts, Min: "x", Max: "y", MinError: p.Texts.Fill("filter.bad_price", "Value", "x", "Example", "19.50"), MaxError: p.Say("filter.bad_range"), Clear: "#"})},
		}},
		{"Pager", []state{
			{"the first page", view.Pager(p, view.PagerData{Number: 1, Next: "#"})},
			{"between", view.Pager(p, view.PagerData{Number: 2, First: "#", Next: "#"})},
			{"the last page", view.Pager(p, view.PagerData{Number: 3, First: "#"})},
		}},
		{"EmptyState", []state{
			{"nothing there yet", view.EmptyState(p.Say("list.empty"), view.Link{})},
			{"nothing fits", view.EmptyState(p.Say("list.nothing"), view.Link{Text: p.Say("filter.clear"), Href: "#"})},
		}},
	}
}

func orderComponents(p view.Page) []shown {
	field := func(problem string) view.Field {
		return view.Field{Name: form.Email + problem, Label: p.Say("checkout.email"), Value: "ada@", Type: "email", Problem: problem, Rules: form.CheckoutRules(form.Email)}
	}
	choice := func(problem string) view.Field {
		return view.Field{Name: form.Country + problem, Label: p.Say("checkout.country"), Problem: problem, Options: []view.Option{{Value: "", Text: p.Say("checkout.choose_country")}, {Value: "GB", Text: "United Kingdom"}}}
	}
	radios := func(problem string) view.Field {
		return view.Field{Name: form.Payment + problem, Label: p.Say("checkout.payment"), Value: "1", Problem: problem, Options: []view.Option{{Value: "1", Text: p.Say("payment.stripe_checkout")}, {Value: "2", Text: p.Say("payment.sandbox_ok")}}}
	}
	wrong := p.Say("form.required")
	lines := []*orderv1.OrderLine{{Name: "Blue mug", Quantity: 2, Total: amount("EUR", 32)}, {Name: "كوب أزرق", Quantity: 1, Total: amount("EUR", 1234)}}
	steps := []view.Step{{Text: p.Say("step.placed"), Done: true, Time: "2026-11-30 12:03"}, {Text: p.Say("step.paid"), Done: true, Time: "2026-11-30 12:04"}, {Text: p.Say("step.shipped")}, {Text: p.Say("step.delivered")}}
	return []shown{
		{"Notice", []state{{"good", view.Notice("good", p.Say("cart.added"))}, {"bad", view.Notice("bad", p.Say("cart.bad_quantity"))}, {"plain", view.Notice("", p.Say("find.text"))}}},
		{"Changes", []state{{"a price", view.Changes(p, []string{p.Texts.Fill("change.price", "Name", "Blue mug", "Old", "€5.00", "New", "€6.00")}, p.Texts.Fill("change.now", "Total", "€6.00"))}}},
		{"ErrorSummary", []state{{"two fields", view.ErrorSummary(p, []view.Field{field(wrong), choice(wrong)})}}},
		{"TextField", []state{{"typed", view.TextField(field(""))}, {"wrong", view.TextField(field(wrong))}}},
		{"SelectField", []state{{"nothing chosen", view.SelectField(choice(""))}, {"wrong", view.SelectField(choice(wrong))}}},
		{"Radios", []state{{"chosen", view.Radios(radios(""))}, {"wrong", view.Radios(radios(wrong))}}},
		{"QuantityField", []state{{"three", view.QuantityField(p, "three", 3)}}},
		{"AddToCart", []state{{"one", view.AddToCart(p, "A")}}},
		{"OrderLines", []state{{"with shipping", view.OrderLines(p, lines, []*orderv1.Adjustment{{Label: "Shipping", Amount: amount("EUR", 5)}}, amount("EUR", 1271))}}},
		{"PostalLines", []state{{"with a company", view.PostalLines(&postaladdress.PostalAddress{Organization: "Analytical Engines", AddressLines: []string{"12 St James’s Square"}, PostalCode: "SW1Y 4JH", Locality: "London"}, "United Kingdom")}}},
		{"LinkList", []state{{"two", view.LinkList(p, []view.Link{{Text: p.Say("nav.home"), Href: "#"}, {Text: p.Say("nav.cart"), Href: "#"}})}}},
		{"FactorSecret", []state{{"to be confirmed", view.FactorSecret(p.Texts, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "otpauth://totp/Shopmesh:ada@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")}}},
		{"RecoveryCodes", []state{{"two", view.RecoveryCodes([]string{"abcde-fghij-klmno", "pqrst-uvwxy-z2345"})}}},
		{"Timeline", []state{
			{"paid", view.Timeline(view.OrderPage{Steps: steps})},
			{"delivered", view.Timeline(view.OrderPage{Steps: append(steps[:2:2], view.Step{Text: p.Say("step.shipped"), Done: true}, view.Step{Text: p.Say("step.delivered"), Done: true})})},
		}},
	}
}
