package main

import (
	"context"
	"math/rand/v2"
	"strings"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// takeToken notes the token of an order without a customer.
func (d *driver) takeToken(o *order, reply *orderv1.PlaceOrderResponse) {
	d.book.mu.Lock()
	o.token = reply.GetGuestToken()
	d.book.mu.Unlock()
	if isGuests := reply.GetOrder().GetCustomerId() == ""; strings.HasPrefix(o.token, "sm_go_") != isGuests {
		d.book.findf(o, "GUEST_TOKEN", "an order of the customer %q was answered with the token %.6q", reply.GetOrder().GetCustomerId(), o.token)
	}
}

// orderAsGuest places an order without an account; none when it is not known to be there.
func (d *driver) orderAsGuest(m *member, email string) []*order {
	o, req := d.plainOrder(m.rng, email)
	o.guest = true
	d.book.begin(o)
	if d.placeUntilKnown(m.rng, o, req) == nil {
		return nil
	}
	return []*order{o}
}

// readAsGuest reads an order by its token, which opens no other one and no list.
func (d *driver) readAsGuest(rng *rand.Rand, o *order) {
	res, err := d.getAsGuest(rng, o.id, o.token)
	switch {
	case err == nil && res.GetOrder().GetId() != o.id:
		d.book.findf(o, "OTHER_ORDER", "its token was answered with the order %s", res.GetOrder().GetId())
	case final(err):
		d.book.findf(o, "GUEST_REFUSED", "its token does not open it: %v", err)
	}
	guests := d.book.guests()
	if other := guests[rng.IntN(len(guests))]; other != o {
		_, err := d.getAsGuest(rng, other.id, o.token)
		d.guestMustBeRefused(o, "GetOrder with the token of another order", err, "ORDER_NOT_FOUND")
	}
	_, err = callUntilAnswered(d.public, rng, "order", &write{kind: "ListOrders"}, func(ctx context.Context, k *endpoint) (*orderv1.ListOrdersResponse, error) {
		return k.order.ListOrders(showing(ctx, o.token), &orderv1.ListOrdersRequest{})
	})
	d.guestMustBeRefused(o, "ListOrders with the token of an order", err, "PERMISSION_DENIED")
}

func (d *driver) getAsGuest(rng *rand.Rand, id, token string) (*orderv1.GetOrderResponse, error) {
	return callUntilAnswered(d.public, rng, "order", &write{kind: "GetOrder"}, func(ctx context.Context, k *endpoint) (*orderv1.GetOrderResponse, error) {
		return k.order.GetOrder(showing(ctx, token), &orderv1.GetOrderRequest{Id: id})
	})
}

// guestMustBeRefused finds an answer that is not the refusal that it has to be.
func (d *driver) guestMustBeRefused(o *order, what string, err error, want string) {
	switch reason := reasonOf(err); {
	case reason == want:
		d.tally.rightlyRefused(what)
	case err == nil || final(err):
		d.book.findf(o, "NOT_REFUSED", "%s was answered with %v, want %s", what, err, want)
	}
}

// claim has a member claim a guest's order by its token, which ends with that.
func (d *driver) claim(m *member) {
	orders := d.orderAsGuest(m, m.name+"-elsewhere@example.com")
	if orders == nil {
		return
	}
	o, w := orders[0], &write{kind: "ClaimOrder"}
	d.book.claim(o)
	res, err := asMember(d, m, "order", w, func(ctx context.Context, k *endpoint) (*orderv1.ClaimOrderResponse, error) {
		return k.order.ClaimOrder(ctx, &orderv1.ClaimOrderRequest{Id: o.id, GuestToken: o.token})
	})
	d.unanswered(m, w)
	if err != nil {
		return
	}
	m.orders = append(m.orders, o)
	if res.GetOrder().GetId() != o.id || res.GetOrder().GetCustomerId() != m.customerID {
		d.book.findf(o, "CLAIM_DIFFERS", "ClaimOrder of customer %s answered order %s of customer %q", m.customerID, res.GetOrder().GetId(), res.GetOrder().GetCustomerId())
	}
	_, err = d.getAsGuest(m.rng, o.id, o.token)
	d.guestMustBeRefused(o, "GetOrder with the token of a claimed order", err, "ORDER_NOT_FOUND")
}
