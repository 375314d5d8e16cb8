package pages

import (
	"net/http"
	"time"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

const (
	// ownOrdersPath is where the orders of an account are.
	ownOrdersPath = accountPath + "/orders"
	// ordersOnAPage is how many of them a page lists.
	ordersOnAPage = 20
)

// ownOrders is the page of the orders of an account, the newest first.
func (s *Server) ownOrders(v *visit) error {
	query := v.request.URL.Query()
	listed, next, err := s.Orders.List(v.asAccount(), ordersOnAPage, query.Get(pageField))
	if reasonOf(err) == fault.ReasonPageTokenInvalid {
		return v.redirectTo(ownOrdersPath)
	}
	if err != nil {
		return err
	}
	d := view.OwnOrdersPage{Pager: v.pager(v.url(ownOrdersPath), query, next)}
	for _, order := range listed {
		at := order.GetCreateTime().AsTime()
		d.Orders = append(d.Orders, view.OwnOrder{
			Number: order.GetNumber(), Href: orderPath(order.GetNumber()), State: v.stateText(order), Total: v.amount(order.GetTotal()),
			Time: v.time(at), Machine: at.UTC().Format(time.RFC3339),
		})
	}
	p := v.page(v.texts.Say("account.orders"))
	p.Path, p.Hidden = ownOrdersPath, true
	return v.show(http.StatusOK, noStore, view.OwnOrders(p, d))
}

// claimOrder makes an order that the visitor placed as a guest one of their account's.
func (s *Server) claimOrder(v *visit) error {
	known, order, err := s.openOrder(v)
	if err != nil {
		return err
	}
	if v.isGuests(known) {
		if err := s.Orders.Claim(v.asAccount(), order.GetId(), known.Token); err != nil {
			return orderProblem(err)
		}
	}
	if err := v.remember(func(c *session.Content) { c.Forget(order.GetId()) }); err != nil {
		return err
	}
	return v.see(orderPath(order.GetNumber()), keptField, "1")
}

// isGuests reports whether an order is opened by its own token, and not by the account.
func (v *visit) isGuests(known session.Order) bool {
	return v.opened.Account == nil || known.Token != v.opened.Account.Access
}
