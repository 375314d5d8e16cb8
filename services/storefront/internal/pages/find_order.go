package pages

import (
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

const (
	// findPath is where the link of an order is requested.
	findPath = "/orders/find"
	// orderNumberField and emailField are the fields of its form, named as the contract's.
	orderNumberField, emailField = "number", "email"
	sentField                    = "sent"
)

// findOrder is the page on which somebody requests the link of their order.
func (s *Server) findOrder(v *visit) error {
	d := view.SingleFormPage{
		Heading: v.texts.Say("find.title"), Text: v.texts.Say("find.text"), Action: "/orders/link", Submit: v.texts.Say("find.submit"),
		Fields: []view.FieldData{
			{Name: orderNumberField, Label: v.texts.Say("find.number"), Autocomplete: "off", Dir: "ltr"},
			v.emailField(),
		},
	}
	if v.request.URL.Query().Has(sentField) {
		d.Notice = view.NoticeData{Kind: "good", Text: v.texts.Say("find.sent")}
	}
	return v.formPage(findPath, &orderv1.SendOrderLinkRequest{}, d)
}

// emailField is a field for the visitor's e-mail address.
func (v *visit) emailField() view.FieldData {
	return view.FieldData{Name: emailField, Label: v.texts.Say("checkout.email"), Type: "email", Autocomplete: "email", Dir: "ltr"}
}

// sendLink requests the link. Its answer is the same for each number and address.
func (s *Server) sendLink(v *visit) error {
	err := s.Orders.SendLink(v.request.Context(), v.field(orderNumberField), v.field(emailField))
	return v.answer(findPath, err, []string{orderNumberField, emailField}, func() error { return v.see(findPath, sentField, "1") })
}
