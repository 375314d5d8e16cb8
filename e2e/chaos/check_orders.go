package main

import (
	"context"
	"fmt"
	"slices"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// judgeOrders compares each request to place an order with the order that it made.
func (c *checker) judgeOrders(context.Context) error {
	known := map[string]bool{}
	for _, o := range c.book.orders {
		known[o.email] = true
		got := c.orders[o.email]
		switch {
		case o.place.outcome == unknown:
			c.book.findf(o, "NEVER_ANSWERED", "PlaceOrder %s had no answer after the faults were over", o.place.requestID)
		case o.place.outcome == refused && got != nil:
			c.book.find(finding{kind: "REFUSED_AND_THERE", subject: o.email, orderID: got.GetId(),
				message: fmt.Sprintf("PlaceOrder was refused (%s), and the order %s is there", o.place.reason, got.GetId())})
		case o.place.outcome == refused && o.place.reason != o.mustRefuse && o.place.reason != o.mayRefuse:
			c.book.findf(o, "REFUSED_FOR_NOTHING", "PlaceOrder was refused (%s), expected was %q", o.place.reason, o.mustRefuse+o.mayRefuse)
		case o.place.outcome == refused:
		case o.mustRefuse != "":
			c.book.findf(o, "TAKEN_IN_SPITE", "order %s was acknowledged, it had to be refused (%s)", o.id, o.mustRefuse)
		case got == nil:
			c.book.findf(o, "ACKNOWLEDGED_AND_GONE", "order %s was acknowledged and is not there", o.id)
		default:
			c.judgeOrder(o, got)
		}
	}
	for email, o := range c.orders {
		if !known[email] {
			c.book.find(finding{kind: "NOBODYS_ORDER", subject: email, orderID: o.GetId(), message: "nobody placed it"})
		}
	}
	return nil
}

func (c *checker) judgeOrder(o *order, got *orderv1.Order) {
	bad := func(kind, format string, args ...any) { c.book.findf(o, kind, format, args...) }
	c.book.see(o, got.GetState())
	if got.GetId() != o.id || got.GetNumber() != o.number || cents(got.GetTotal()) != o.total {
		bad("ORDER_DIFFERS", "acknowledged as %s %s of %d cents, there is %s %s of %d", o.id, o.number, o.total, got.GetId(), got.GetNumber(), cents(got.GetTotal()))
	}
	if d := differ(c.products, o.lines, got.GetLines()); d != "" {
		bad("LINES_DIFFER", "%s", d)
	}
	state, reason := got.GetState(), got.GetCancelReason()
	switch state {
	case confirmed, shipped, delivered:
		if declines(o.method) {
			bad("SOLD_UNPAID", "it was paid with %s and is %s", o.method, short(state))
		}
	case cancelled:
		c.judgeReason(o, reason)
	default:
		bad("NOT_FINAL", "it is still %s", short(state))
	}
	if n := acks(o.cancels); n > 1 {
		bad("CANCELLED_TWICE", "%d different requests to cancel it were acknowledged", n)
	}
	if acks(o.cancels) > 0 && (state != cancelled || reason != orderv1.CancelReason_CANCEL_REASON_REQUESTED) {
		bad("CANCEL_LOST", "CancelOrder was acknowledged, it is %s (%s)", short(state), reason)
	}
	c.judgeShipment(o, got)
	c.judgeMoney(o, got)
}

func (c *checker) judgeReason(o *order, reason orderv1.CancelReason) {
	switch reason {
	case orderv1.CancelReason_CANCEL_REASON_OUT_OF_STOCK:
		if !slices.ContainsFunc(o.lines, func(l line) bool { return c.products[l.product].scarce }) {
			c.book.findf(o, "NOT_OUT_OF_STOCK", "it is cancelled as OUT_OF_STOCK, of each product there was plenty")
		}
	case orderv1.CancelReason_CANCEL_REASON_PAYMENT_FAILED:
		if !declines(o.method) && o.method != stripesPage {
			c.book.findf(o, "NOT_DECLINED", "it is cancelled as PAYMENT_FAILED, and was paid with %s", o.method)
		}
	case orderv1.CancelReason_CANCEL_REASON_EXPIRED: // judgeHistory sees when
	case orderv1.CancelReason_CANCEL_REASON_REQUESTED:
		if len(o.cancels) == 0 {
			c.book.findf(o, "NOBODY_CANCELLED", "it is cancelled as REQUESTED, nobody requested that")
		}
	default:
		c.book.findf(o, "NO_REASON", "it is cancelled for the reason %v", reason)
	}
}

func (c *checker) judgeShipment(o *order, got *orderv1.Order) {
	state, sent := got.GetState(), got.GetState() == shipped || got.GetState() == delivered
	mine := slices.ContainsFunc(o.ships, func(w *write) bool { return w.requestID == got.GetShipment().GetTrackingCode() })
	switch {
	case acks(o.ships) > 0 && !sent:
		c.book.findf(o, "SHIPMENT_LOST", "ShipOrder was acknowledged, it is %s", short(state))
	case sent && !mine:
		c.book.findf(o, "NOBODY_SHIPPED", "it is %s with the tracking code %q that nobody gave", short(state), got.GetShipment().GetTrackingCode())
	case acks(o.delivers) > 0 && state != delivered:
		c.book.findf(o, "DELIVERY_LOST", "MarkOrderDelivered was acknowledged, it is %s", short(state))
	}
}

func (c *checker) judgeMoney(o *order, got *orderv1.Order) {
	captured, refunded := cents(got.GetCaptured()), cents(got.GetRefunded())
	o.captured, o.refunded = captured, refunded
	p := c.payments[o.id]
	if pc, pr := cents(p.GetCaptured()), cents(p.GetRefunded()); pc != captured || pr != refunded {
		c.book.findf(o, "BALANCES_DIFFER", "order has %d captured and %d refunded, payment %d and %d", captured, refunded, pc, pr)
	}
	if refunded > captured || captured != 0 && captured != o.total {
		c.book.findf(o, "MONEY_WRONG", "of %d cents %d were captured and %d refunded", o.total, captured, refunded)
	}
	if captured > 0 && declines(o.method) {
		c.book.findf(o, "CHARGED_THOUGH_DECLINED", "%d cents were captured by %s", captured, o.method)
	}
	switch got.GetState() {
	case cancelled:
		if captured != refunded {
			c.book.findf(o, "PAID_AND_CANCELLED", "%d cents were captured and %d refunded", captured, refunded)
		}
	case confirmed, shipped, delivered:
		var requested int64
		for _, r := range o.refunds {
			if r.outcome == acknowledged {
				requested += r.amount
			}
		}
		if captured != o.total || refunded != requested {
			c.book.findf(o, "REFUNDS_DIFFER", "of %d cents %d were captured and %d refunded; refunds of %d were acknowledged", o.total, captured, refunded, requested)
		}
	default:
	}
}

func acks(writes []*write) int {
	n := 0
	for _, w := range writes {
		if w.outcome == acknowledged {
			n++
		}
	}
	return n
}

// differ names the first difference between what was ordered and what is there.
func differ(products []*product, lines []line, got []*orderv1.OrderLine) string {
	if len(lines) != len(got) {
		return fmt.Sprintf("%d lines were ordered, there are %d", len(lines), len(got))
	}
	for i, l := range lines {
		if code := products[l.product].code; got[i].GetProductCode() != code || got[i].GetQuantity() != l.quantity {
			return fmt.Sprintf("ordered were %d of %s, there are %d of %s", l.quantity, code, got[i].GetQuantity(), got[i].GetProductCode())
		}
	}
	return ""
}
