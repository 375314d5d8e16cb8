package pages

import (
	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
)

const (
	// paidPath is where pages lead back to on which orders are paid (docs/decisions/0093).
	paidPath = "/orders/paid"
	// orderIDField is the field of its address that names the order, as payment writes it.
	orderIDField = "order_id"
)

// paid leads whoever comes back from a page on which they paid, or did not, to their order. What
// came of it mostly comes to order a moment later, and is waited for like any outcome.
func (s *Server) paid(v *visit) error {
	known, order, err := s.orderOf(v, v.request.URL.Query().Get(orderIDField))
	if err != nil {
		return err
	}
	if payURL(order) != "" {
		anything := func(*orderv1.OrderHistoryEntry) bool { return true }
		if err := s.Orders.Wait(v.as(known.Token), known.ID, versionOf(order), outcomePatience, anything); err != nil {
			return err
		}
	}
	v.inLanguageOf(order)
	return v.see(orderPath(order.GetNumber()))
}

// orderOf reads an order by its id, where the visitor's browser opens it.
func (s *Server) orderOf(v *visit, id string) (session.Order, *orderv1.Order, error) {
	opened, err := v.session()
	if err != nil {
		return session.Order{}, nil, err
	}
	if uuid.Validate(id) != nil {
		return session.Order{}, nil, errOrderClosed
	}
	for _, known := range opened.Orders {
		if known.ID != id {
			continue
		}
		if order, err := s.Orders.Order(v.as(known.Token), id); err == nil {
			return known, order, nil
		}
		// It may have become one of the account since.
	}
	if opened.Account != nil {
		order, err := s.Orders.Order(v.asAccount(), id)
		if reasonOf(err) == reasonOrderNotFound {
			err = errOrderClosed
		}
		return session.Order{ID: id, Number: order.GetNumber(), Token: opened.Account.Access}, order, err
	}
	last, order, err := s.lastOrder(v)
	if err == nil && last.ID != id {
		err = errOrderClosed
	}
	if err != nil {
		return last, nil, err
	}
	return last, order, v.remember(func(c *session.Content) { c.Open(last) })
}
