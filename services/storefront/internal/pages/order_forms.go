package pages

import (
	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
)

// cancelOrder cancels the order of the address. All clicks send one request.
func (s *Server) cancelOrder(v *visit) error {
	known, order, err := s.openOrder(v)
	if err != nil {
		return err
	}
	request := uuid.NewSHA1(uuid.MustParse(order.GetId()), []byte("cancel"))
	err = s.Orders.Cancel(v.as(known.Token), &orderv1.CancelOrderRequest{RequestId: request.String(), Id: order.GetId()})
	if reasonOf(err) == reasonOrderState {
		return v.see(orderPath(order.GetNumber()), problemField, "state")
	}
	if err != nil {
		return orderProblem(err)
	}
	return v.see(orderPath(order.GetNumber()))
}

// orderAgain puts what was ordered into the cart. What is no longer sold, or is priced in another
// currency than the rest, is left out, and the cart names it.
func (s *Server) orderAgain(v *visit) error {
	_, order, err := s.openOrder(v)
	if err != nil {
		return err
	}
	var left []string
	repeated := true
	for _, line := range order.GetLines() {
		again, err := v.add(v.field(seenCartField)+" "+order.GetId(), line.GetProductCode(), line.GetQuantity())
		repeated = repeated && again
		switch reasonOf(err) {
		case reasonProductNotFound, reasonProductArchived, reasonCurrencyMixed:
			left = append(left, line.GetName())
		default:
			if err != nil {
				return v.cartProblem(err)
			}
		}
	}
	if len(left) == 0 {
		return v.seeAdded(repeated)
	}
	if err := v.remember(func(c *session.Content) { c.Left = left }); err != nil {
		return err
	}
	return v.see(cartPath, leftField, "1")
}
