package pages

import (
	"slices"
	"strings"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
)

// linkPrefix begins the addresses of the links in mails.
const linkPrefix = "/o/"

// orderLink opens an order by the link in a mail: the browser keeps what opens it, and is led
// to an address that is no secret.
func (s *Server) orderLink(v *visit) error {
	shown := v.arg(0)
	holds, err := token.ReadGuestOrder(shown)
	if err != nil {
		return errOrderClosed
	}
	order, err := s.Orders.Order(v.as(shown), holds.OrderID.String())
	if err != nil {
		return orderProblem(err)
	}
	known := session.Order{ID: order.GetId(), Number: order.GetNumber(), Token: shown}
	if err := v.remember(func(c *session.Content) { c.Open(known) }); err != nil {
		return err
	}
	v.inLanguageOf(order) // as the mail was
	return v.see(orderPath(order.GetNumber()))
}

// inLanguageOf leads a visitor who comes from elsewhere on in the language of their order, where
// it is offered.
func (v *visit) inLanguageOf(order *orderv1.Order) {
	if language, _, _ := strings.Cut(order.GetLanguageCode(), "-"); slices.Contains(v.own.offered(), language) {
		v.texts = v.server.Texts.In(language)
	}
}

// logged is a path as a log may have it: links open orders.
func logged(path string) string {
	if before, _, found := strings.Cut(path, linkPrefix); found {
		return before + linkPrefix + "…"
	}
	return path
}
