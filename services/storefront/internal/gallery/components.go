package main

import (
	"slices"

	"github.com/a-h/templ"
	"google.golang.org/genproto/googleapis/type/money"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
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
	return slices.Concat(catalogComponents(p), toldComponents(p), formComponents(p), orderComponents(p))
}

func catalogComponents(p view.Page) []shown {
	long := product("LONG", "Donaudampfschifffahrtsgesellschaftskapitänsmützenhalterung", 3)
	links := []view.Link{{Text: "Kitchen", Href: "#"}, {Text: "Cups and mugs", Href: "#"}}
	sorts := []view.Option{{Value: "name", Text: p.Say("sort.name")}, {Value: "new", Text: p.Say("sort.new")}}
	return []shown{
		{"Swatch", []state{{"without a picture", view.Swatch(p, product("A", "A", 1), false)}, {"its picture fails", view.Swatch(p, pictured(), false)}}},
		{"Price", []state{
			{"euros", view.Price(p, amount("EUR", 16))},
			{"yen, without decimals", view.Price(p, amount("JPY", 1700))},
			{"dinars, with three", view.Price(p, &money.Money{CurrencyCode: "KWD", Units: 1, Nanos: 250_000_000})},
		}},
		{"Stock", []state{{"enough", view.Stock(p, 20)}, {"few", view.Stock(p, 3)}, {"one", view.Stock(p, 1)}, {"none", view.Stock(p, 0)}}},
		{"ProductCard", []state{{"side by side", view.ProductCards(p, []*catalogv1.Product{product("A", "Blue mug", 20), long, pictured(), product("B", "كوب أزرق", 0)})}}},
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

// toldComponents tell what happened and what is missing.
func toldComponents(p view.Page) []shown {
	return []shown{
		{"Notice", []state{
			{"good", view.Notice("good", p.Say("cart.added"))},
			{"warn", view.Notice("warn", p.Say("product.no_related"))},
			{"bad", view.Notice("bad", p.Say("cart.bad_total"))},
			{"plain", view.Notice("", p.Say("find.text"))},
		}},
		{"Changes", []state{{"a price", view.Changes(p, []string{p.Texts.Fill("change.price", "Name", "Blue mug", "Old", "€5.00", "New", "€6.00")}, p.Texts.Fill("change.now", "Total", "€6.00"))}}},
		{"ConnectionBar", []state{{"since noon", view.ConnectionBar(p, "12:03")}}},
		{"Unanswered", []state{{"no answer", view.Unanswered(p)}}},
	}
}
