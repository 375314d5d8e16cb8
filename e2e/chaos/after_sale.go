package main

import (
	"context"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
)

// cancel cancels the order once, and sends that again now and then.
func (d *driver) cancel(rng *rand.Rand, o *order) {
	w := &write{kind: "CancelOrder", requestID: newID(rng)}
	o.cancels = append(o.cancels, w)
	req := &orderv1.CancelOrderRequest{RequestId: w.requestID, Id: o.id, Reason: w.requestID}
	by := d.caller
	call := func(ctx context.Context, k *endpoint) (*orderv1.CancelOrderResponse, error) {
		return k.order.CancelOrder(ctx, req)
	}
	if o.guest && rng.IntN(2) == 0 { // the guest, by the order's token
		by = d.public
		call = func(ctx context.Context, k *endpoint) (*orderv1.CancelOrderResponse, error) {
			return k.order.CancelOrder(showing(ctx, o.token), req)
		}
	}
	first, err := callUntilKnown(by, rng, "order", w, call)
	if err != nil || rng.IntN(3) > 0 || !d.pause(rng, 3*time.Second) {
		return
	}
	d.tally.repeated()
	again := write{kind: "CancelOrder again", requestID: w.requestID}
	reply, err := callUntilKnown(by, rng, "order", &again, call)
	switch {
	case again.outcome == refused:
		d.book.findf(o, "REPEAT_REFUSED", "CancelOrder sent again was refused: %v", err)
	case err == nil && !proto.Equal(reply, first):
		d.book.findf(o, "REPEAT_DIFFERS", "CancelOrder sent again answered %v, the first answer was %v", reply, first)
	}
}

// afterSale is what happens to some of the confirmed orders.
func (d *driver) afterSale(rng *rand.Rand, o *order) {
	choice := rng.IntN(100)
	if choice >= 40 || !d.pause(rng, 2*time.Second) {
		return
	}
	switch {
	case choice < 8:
		d.cancel(rng, o)
	case choice < 16:
		d.refund(rng, o, 1+rng.Int64N(o.total))
	case choice < 20:
		d.refund(rng, o, 0)
	case choice < 24: // two refunds that together are too much
		most := o.total/2 + 1 + rng.Int64N(o.total/2)
		d.both(rng, func(rng *rand.Rand) { d.refund(rng, o, most) }, func(rng *rand.Rand) { d.refund(rng, o, most) })
	case choice < 28: // given back while it is cancelled
		part := 1 + rng.Int64N(o.total)
		d.both(rng, func(rng *rand.Rand) { d.refund(rng, o, part) }, func(rng *rand.Rand) { d.cancel(rng, o) })
	case choice < 32: // sent while it is cancelled
		d.both(rng, func(rng *rand.Rand) { d.ship(rng, o) }, func(rng *rand.Rand) { d.cancel(rng, o) })
	default:
		d.ship(rng, o)
		if choice >= 36 && d.pause(rng, time.Second) {
			d.deliver(rng, o)
		}
	}
}

func (d *driver) both(rng *rand.Rand, one, other func(rng *rand.Rand)) {
	a, b := rand.New(rand.NewPCG(rng.Uint64(), 3)), rand.New(rand.NewPCG(rng.Uint64(), 4))
	var group errgroup.Group
	group.Go(func() error { one(a); return nil })
	other(b)
	_ = group.Wait()
}

// refund gives money back, all that is left when amount is 0, and sends that again
// now and then.
func (d *driver) refund(rng *rand.Rand, o *order, amount int64) {
	r := &refund{write: write{kind: "RefundPayment", requestID: newID(rng)}, amount: amount}
	d.book.mu.Lock()
	o.refunds = append(o.refunds, r)
	d.book.mu.Unlock()
	req := &paymentv1.RefundPaymentRequest{RequestId: r.requestID, PaymentId: o.paymentID, Reason: r.requestID}
	if amount > 0 {
		req.Amount = euros(amount)
	}
	call := func(ctx context.Context, k *endpoint) (*paymentv1.RefundPaymentResponse, error) {
		return k.payment.RefundPayment(ctx, req)
	}
	first, err := callUntilKnown(d.caller, rng, "payment", &r.write, call)
	if err != nil {
		return
	}
	r.id, r.amount = first.GetRefund().GetId(), cents(first.GetRefund().GetAmount())
	if amount > 0 && r.amount != amount {
		d.book.findf(o, "REFUND_AMOUNT", "a refund of %d cents was answered with %d", amount, r.amount)
	}
	if rng.IntN(3) > 0 || !d.pause(rng, 3*time.Second) {
		return
	}
	d.tally.repeated()
	again := write{kind: "RefundPayment again", requestID: r.requestID}
	reply, err := callUntilKnown(d.caller, rng, "payment", &again, call)
	// A refund that was PENDING may have moved on; what it is has not changed.
	switch {
	case again.outcome == refused:
		d.book.findf(o, "REPEAT_REFUSED", "RefundPayment sent again was refused: %v", err)
	case err == nil && (reply.GetRefund().GetId() != r.id || cents(reply.GetRefund().GetAmount()) != r.amount):
		d.book.findf(o, "REPEAT_DIFFERS", "RefundPayment sent again answered %v, the first answer was %v", reply, first)
	}
}

// ship and deliver have no request_id: a second attempt is refused for the state
// that the first one brought, so that the check looks at the order itself.
func (d *driver) ship(rng *rand.Rand, o *order) {
	w := &write{kind: "ShipOrder", requestID: newID(rng)}
	o.ships = append(o.ships, w)
	_, _ = callUntilKnown(d.caller, rng, "order", w, func(ctx context.Context, k *endpoint) (*orderv1.ShipOrderResponse, error) {
		return k.order.ShipOrder(ctx, &orderv1.ShipOrderRequest{Id: o.id, Carrier: "Chaos", TrackingCode: w.requestID})
	})
}

func (d *driver) deliver(rng *rand.Rand, o *order) {
	w := &write{kind: "MarkOrderDelivered"}
	o.delivers = append(o.delivers, w)
	_, _ = callUntilKnown(d.caller, rng, "order", w, func(ctx context.Context, k *endpoint) (*orderv1.MarkOrderDeliveredResponse, error) {
		return k.order.MarkOrderDelivered(ctx, &orderv1.MarkOrderDeliveredRequest{Id: o.id})
	})
}
