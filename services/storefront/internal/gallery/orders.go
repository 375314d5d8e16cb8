package main

import (
	"google.golang.org/genproto/googleapis/type/postaladdress"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// orderComponents are what carts, orders and accounts are made of.
func orderComponents(p view.Page) []shown {
	line := func(code string, quantity int32) *orderv1.CartLine {
		return &orderv1.CartLine{ProductCode: code, Name: "Blue mug", Quantity: quantity, UnitPrice: amount("EUR", 16), Total: amount("EUR", 16*int64(quantity))}
	}
	lines := []*orderv1.OrderLine{{Name: "Blue mug", Quantity: 2, UnitPrice: amount("EUR", 16), Total: amount("EUR", 32)}, {Name: "كوب أزرق", Quantity: 1, UnitPrice: amount("EUR", 1234), Total: amount("EUR", 1234)}}
	steps := []view.Step{{Text: p.Say("step.placed"), Done: true, Time: "2026-11-30 12:03"}, {Text: p.Say("step.paid"), Done: true, Time: "2026-11-30 12:04"}, {Text: p.Say("step.shipped")}, {Text: p.Say("step.delivered")}}
	return []shown{
		{"CartLine", []state{
			{"two", view.CartLine(p, view.CartLineData{CartLine: line("TWO", 2)})},
			{"one left", view.CartLine(p, view.CartLineData{CartLine: line("SHORT", 3), Short: true, Available: 1})},
			{"none left", view.CartLine(p, view.CartLineData{CartLine: line("NONE", 1), Short: true})},
			{"not sold any more", view.CartLine(p, view.CartLineData{CartLine: line("GONE", 1), Unavailable: true})},
		}},
		{"Undo", []state{{"taken out", view.Undo(p, product("A", "Blue mug", 20), 2)}}},
		{"OrderLines", []state{{"with shipping", view.OrderLines(p, lines, []*orderv1.Adjustment{{Label: "Shipping", Amount: amount("EUR", 5)}}, amount("EUR", 1271))}}},
		{"PostalLines", []state{{"with a company", view.PostalLines(&postaladdress.PostalAddress{Organization: "Analytical Engines", AddressLines: []string{"12 St James’s Square"}, PostalCode: "SW1Y 4JH", Locality: "London"}, "United Kingdom")}}},
		{"LinkList", []state{{"two", view.LinkList(p, []view.Link{{Text: p.Say("nav.home"), Href: "#"}, {Text: p.Say("nav.cart"), Href: "#"}})}}},
		{"FactorSecret", []state{{"to be confirmed", view.FactorSecret(p.Texts, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "otpauth://totp/Shopmesh:ada@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")}}},
		{"RecoveryCodes", []state{{"two", view.RecoveryCodes([]string{"abcde-fghij-klmno", "pqrst-uvwxy-z2345"})}}},
		{"Timeline", []state{
			{"paid", view.Timeline(steps)},
			{"delivered", view.Timeline(append(steps[:2:2], view.Step{Text: p.Say("step.shipped"), Done: true}, view.Step{Text: p.Say("step.delivered"), Done: true}))},
		}},
	}
}
