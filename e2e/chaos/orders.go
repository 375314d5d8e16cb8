package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// plainOrder draws an order that the shop takes.
func (d *driver) plainOrder(rng *rand.Rand, email string) (*order, *orderv1.PlaceOrderRequest) {
	o := &order{
		email: email, method: methods[rng.IntN(len(methods))],
		decided: make(chan struct{}), place: write{kind: "PlaceOrder", requestID: newID(rng)},
	}
	for _, i := range rng.Perm(plenty)[:1+rng.IntN(3)] {
		o.lines = append(o.lines, line{i, 1 + rng.Int32N(3)})
	}
	if rng.IntN(8) == 0 {
		o.lines[0].product = plenty + rng.IntN(scarce)
	}
	req := &orderv1.PlaceOrderRequest{
		RequestId:       o.place.requestID,
		Contact:         &orderv1.Contact{FirstName: "Ada", LastName: "Lovelace", Email: o.email},
		ShippingAddress: &postaladdress.PostalAddress{RegionCode: "GB", PostalCode: "W1", Locality: "London", AddressLines: []string{"12 St James's Square"}},
		PaymentMethod:   o.method,
	}
	for _, l := range o.lines {
		req.Lines = append(req.Lines, &orderv1.OrderLineRequest{ProductCode: d.products[l.product].code, Quantity: l.quantity})
	}
	return o, req
}

// newOrder draws an order; one in twenty must be refused.
func (d *driver) newOrder(rng *rand.Rand, serial uint64) (*order, *orderv1.PlaceOrderRequest) {
	o, req := d.plainOrder(rng, fmt.Sprintf("chaos%d@example.com", serial))
	o.guest = rng.IntN(2) == 0
	switch rng.IntN(80) {
	case 0:
		req.PaymentMethod, o.mustRefuse = "barter", "PAYMENT_METHOD_UNKNOWN"
	case 1:
		req.Lines[0].ProductCode, o.mustRefuse = "CHAOS-NONE", "PRODUCT_NOT_FOUND"
	case 2:
		req.ExpectedTotal, o.mustRefuse = euros(1), "PRICE_CHANGED"
	case 3:
		req.Lines, o.mustRefuse = append(req.Lines, req.Lines[0]), "DUPLICATE_LINE"
	case 4, 5, 6, 7: // shows its customer the price that it knows, which may be an old one
		var sum int64
		for _, l := range o.lines {
			p := d.products[l.product]
			p.mu.Lock()
			sum += p.price * int64(l.quantity)
			p.mu.Unlock()
		}
		req.ExpectedTotal, o.mayRefuse = euros(sum), "PRICE_CHANGED"
	}
	return o, req
}

// place calls until the outcome is known; it returns the reply, or nil.
func (d *driver) place(rng *rand.Rand, o *order, req *orderv1.PlaceOrderRequest) *orderv1.PlaceOrderResponse {
	if rng.IntN(30) == 0 { // two windows, one click each
		o.twin = true
		twin := rand.New(rand.NewPCG(rng.Uint64(), 2))
		second := make(chan *orderv1.PlaceOrderResponse, 1)
		go func() {
			w := write{kind: "PlaceOrder twin", requestID: o.place.requestID}
			res, err := d.sendOrder(twin, o, &w, req)
			if err != nil {
				res = nil
			}
			second <- res
		}()
		defer func() {
			res := <-second
			if res == nil || o.id == "" {
				return
			}
			if res.GetOrder().GetId() != o.id {
				d.book.findf(o, "TWO_ORDERS", "the same request_id sent at the same time was answered with order %s", res.GetOrder().GetId())
			} else if res.GetGuestToken() != o.token {
				d.book.findf(o, "TWO_TOKENS", "the same request_id sent at the same time was answered with another guest_token")
			}
		}()
	}
	return d.placeUntilKnown(rng, o, req)
}

// sendOrder calls PlaceOrder, as whoever orders, until the outcome is known.
func (d *driver) sendOrder(rng *rand.Rand, o *order, w *write, req *orderv1.PlaceOrderRequest) (*orderv1.PlaceOrderResponse, error) {
	call := func(ctx context.Context, k *endpoint) (*orderv1.PlaceOrderResponse, error) {
		return k.order.PlaceOrder(ctx, req)
	}
	switch {
	case o.member != nil:
		return asMember(d, o.member, "order", w, call)
	case o.guest:
		return callUntilKnown(d.public, rng, "order", w, call)
	default:
		return callUntilKnown(d.caller, rng, "order", w, call)
	}
}

// serverBound is how long a request may be on its way at most, once nothing holds it
// back: the shop gives it up then.
const serverBound = 10 * time.Second

// placeLate calls once more when the faults are over. A refusal stores nothing, so it does
// not show what became of another attempt that was still on its way: that one may have
// met a later price and been accepted. By now no attempt is on its way, and this answer
// is the one that counts.
func (d *driver) placeLate(rng *rand.Rand, o *order, req *orderv1.PlaceOrderRequest) *orderv1.PlaceOrderResponse {
	select {
	case <-d.healed:
	case <-d.patience.Done():
		return nil
	}
	if sleep(d.patience, serverBound) != nil {
		return nil
	}
	o.place = write{kind: "PlaceOrder", requestID: o.place.requestID}
	return d.placeUntilKnown(rng, o, req)
}

// placeUntilKnown calls until the outcome is known, and records an order that the shop took.
func (d *driver) placeUntilKnown(rng *rand.Rand, o *order, req *orderv1.PlaceOrderRequest) *orderv1.PlaceOrderResponse {
	reply, err := d.sendOrder(rng, o, &o.place, req)
	if err != nil {
		return nil
	}
	got := reply.GetOrder()
	o.id, o.number, o.paymentID, o.total, o.placeTime = got.GetId(), got.GetNumber(), got.GetPaymentId(), cents(got.GetTotal()), got.GetCreateTime().AsTime()
	d.takeToken(o, reply)
	if got.GetState() != placed {
		d.book.findf(o, "PLACE_ANSWER", "PlaceOrder answered %s, want PLACED", short(got.GetState()))
	}
	if difference := differ(d.products, o.lines, got.GetLines()); difference != "" {
		d.book.findf(o, "LINES_DIFFER", "PlaceOrder answered other lines: %s", difference)
	}
	for _, l := range got.GetLines() {
		p := d.productOf(l.GetProductCode())
		if p == nil {
			continue // it is no line of this order
		}
		p.mu.Lock()
		known := p.prices[cents(l.GetUnitPrice())]
		p.mu.Unlock()
		if !known {
			d.book.findf(o, "PRICE_NEVER_SET", "%s was sold for %d cents, a price that it never had", p.code, cents(l.GetUnitPrice()))
		}
	}
	d.book.accept(o)
	return reply
}

// placeAgain sends an acknowledged order again: the same reply must come, and
// another body under the same request_id must be refused.
func (d *driver) placeAgain(rng *rand.Rand, o *order, req *orderv1.PlaceOrderRequest, first *orderv1.PlaceOrderResponse) {
	if !d.pause(rng, 5*time.Second) {
		return
	}
	d.tally.repeated()
	w := write{kind: "PlaceOrder again", requestID: o.place.requestID}
	if rng.IntN(5) == 0 {
		other := proto.CloneOf(req)
		other.Contact.LastName = "Byron"
		_, _ = d.sendOrder(rng, o, &w, other)
		if w.outcome == acknowledged || w.outcome == refused && w.reason != "REQUEST_ID_REUSED" {
			d.book.findf(o, "REQUEST_ID_REUSED", "another body under its request_id was not refused for that: %q", w.reason)
		}
		return
	}
	reply, err := d.sendOrder(rng, o, &w, req)
	switch {
	case w.outcome == refused:
		d.book.findf(o, "REPEAT_REFUSED", "PlaceOrder sent again was refused: %v", err)
	case err == nil && !proto.Equal(reply, first):
		d.book.findf(o, "REPEAT_DIFFERS", "PlaceOrder sent again answered %v, the first answer was %v", reply, first)
	}
}
