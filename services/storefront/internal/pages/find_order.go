package pages

import (
	"net/http"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

const (
	// findPath is where the link of an order is requested.
	findPath = "/orders/find"
	// numberField and emailField are the fields of its form, named as the contract's.
	orderNumberField, emailField = "number", "email"
	sentField                    = "sent"
)

// findOrder is the page on which somebody requests the link of their order.
func (s *Server) findOrder(v *visit) error {
	opened, err := v.session()
	if err != nil {
		return err
	}
	kept, request := opened.Forms[findPath], &orderv1.SendOrderLinkRequest{}
	fields := []view.Field{
		{Name: orderNumberField, Label: v.texts.Say("find.number"), Autocomplete: "off", Dir: "ltr"},
		{Name: emailField, Label: v.texts.Say("checkout.email"), Type: "email", Autocomplete: "email", Dir: "ltr"},
	}
	for i := range fields {
		field := &fields[i]
		field.Rules, field.Value = form.RulesOf(request, field.Name), kept.Values[field.Name]
		if problem := kept.Problems[field.Name]; problem != "" {
			field.Problem = v.texts.Say(problem)
		}
	}
	p := v.page(v.texts.Say("find.title"))
	p.Path, p.Hidden = findPath, true
	return v.show(http.StatusOK, noStore, view.FindOrder(p, view.FindOrderPage{Fields: fields, Sent: v.request.URL.Query().Has(sentField)}))
}

// sendLink requests the link. Its answer is the same for each number and address.
func (s *Server) sendLink(v *visit) error {
	typed := session.Form{Values: map[string]string{orderNumberField: v.field(orderNumberField), emailField: v.field(emailField)}}
	err := s.Orders.SendLink(v.request.Context(), typed.Values[orderNumberField], typed.Values[emailField])
	if refused, ok := refusal(err); ok && refused.Reason() == fault.ReasonInvalidField {
		typed.Problems = make(map[string]string)
		for _, violation := range refused.Violations() {
			typed.Problems[violation.Field] = findProblem(violation.Field, typed.Values)
		}
		if err := v.remember(func(c *session.Content) { c.Keep(findPath, typed) }); err != nil {
			return err
		}
		return v.see(findPath)
	}
	if err != nil {
		return err
	}
	if err := v.remember(func(c *session.Content) { delete(c.Forms, findPath) }); err != nil {
		return err
	}
	return v.see(findPath, sentField, "1")
}

func findProblem(field string, typed map[string]string) string {
	switch {
	case typed[field] == "":
		return "form.required"
	case field == emailField:
		return "form.bad_email"
	default:
		return "find.bad_number"
	}
}
