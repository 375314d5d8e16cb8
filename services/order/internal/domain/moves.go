package domain

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// maxCancelNote bounds what somebody writes about a cancellation, in characters.
const maxCancelNote = 500

// Cancel ends the order because somebody wants it; note is why. It is refused once
// the order was shipped.
func (o *Order) Cancel(note string, retry RetryPolicy, at Cause) (Decision, error) {
	if err := grammar.Text(note, maxCancelNote); err != nil {
		return Decision{}, fault.Fields(fault.Breaks("reason", err))
	}
	if !o.s.State.MayMoveTo(Cancelled) {
		return Decision{}, o.refuseMove("cancelled")
	}
	o.cancel(Requested, note, at)
	o.schedule(retry)
	return o.take(), nil
}

// cancel ends the order. Stock that is or may be held is to be released; a requested
// payment stays awaited until its outcome is known; what was captured is to be given
// back.
func (o *Order) cancel(reason CancelReason, note string, at Cause) {
	o.s.CancelReason, o.s.CancelNote = reason, note
	o.s.ExpireTime = time.Time{}
	o.clear(AwaitsStock | AwaitsCommit | AwaitsConfirmationMail)
	o.transition(Cancelled, note, at)
	o.s.First.Cancelled = o.s.Version
	o.await(AwaitsRelease|AwaitsCancellationMail|o.refundDue(), o.event(CancelledEvent, o.s.Version, at))
}

// refundDue is AwaitsRefund while more was captured on a cancelled order than
// was given back, by the shop or by a bank.
func (o *Order) refundDue() Awaits {
	if o.s.State == Cancelled && o.s.Balance().Amount > 0 {
		return AwaitsRefund
	}
	return 0
}

// Dispatch is how an order is sent.
type Dispatch struct {
	Carrier      string
	TrackingCode string
	// ShipRefunded sends an order that was refunded in full, too.
	ShipRefunded bool
}

// SentAs reports whether the order was sent in just this way already.
func (o *Order) SentAs(how Dispatch) bool {
	return (o.s.State == Shipped || o.s.State == Delivered) && !o.s.Erased &&
		o.s.Shipment.Carrier == how.Carrier && o.s.Shipment.TrackingCode == how.TrackingCode
}

// refundedInFull reports whether everything that was paid was given back, by the shop or
// by a bank.
func (o *Order) refundedInFull() bool {
	return o.s.Captured.Amount > 0 && o.s.Balance().Amount == 0
}

// Ship records that the order was sent, as shipment id. It is refused unless the order
// is confirmed, and for one that was refunded in full unless that is wanted.
func (o *Order) Ship(id uuid.UUID, how Dispatch, retry RetryPolicy, at Cause) (Decision, error) {
	if wrong := checkShipment("", &how.Carrier, &how.TrackingCode); len(wrong) > 0 {
		return Decision{}, fault.Fields(wrong...)
	}
	if !o.s.State.MayMoveTo(Shipped) {
		return Decision{}, o.refuseMove("shipped")
	}
	if o.refundedInFull() && !how.ShipRefunded {
		return Decision{}, errOrderRefunded(o)
	}
	o.s.Shipment = Shipment{ID: id, Carrier: how.Carrier, TrackingCode: how.TrackingCode, ShipTime: at.Time}
	o.d.Shipment = true
	o.transition(Shipped, "", at)
	o.s.First.Shipped = o.s.Version
	o.await(AwaitsShippingMail, o.event(ShippedEvent, o.s.Version, at))
	o.schedule(retry)
	return o.take(), nil
}

// Deliver records that the order arrived. It is refused unless the order is shipped.
func (o *Order) Deliver(at Cause) (Decision, error) {
	if !o.s.State.MayMoveTo(Delivered) {
		return Decision{}, o.refuseMove("delivered")
	}
	o.s.Shipment.DeliverTime = at.Time
	o.d.Shipment = true
	o.transition(Delivered, "", at)
	o.publish(o.event(DeliveredEvent, o.s.Version, at))
	return o.take(), nil
}

// Erase blanks what the order holds about its person: contact and address, and what
// people typed into it. Mails that are not sent yet are no longer awaited: nobody is
// left to write to. OrderErased has the other contexts do the same. The order's refunds
// must be loaded.
func (o *Order) Erase(retry RetryPolicy, at Cause) Decision {
	if o.s.Erased {
		return o.take()
	}
	o.s.Erased, o.s.Contact, o.s.Address = true, Contact{}, Address{}
	o.s.GuestVersion++
	o.s.Shipment.Carrier, o.s.Shipment.TrackingCode = "", ""
	if o.s.CancelReason == Requested {
		o.s.CancelNote = ""
	}
	o.d.Erased = true
	o.clear(awaitsMail)
	for i := range o.s.Refunds {
		o.s.Refunds[i].MailAwaited, o.s.Refunds[i].Reason = false, ""
		o.d.Refunds = append(o.d.Refunds, o.s.Refunds[i])
	}
	o.touch(at)
	o.publish(o.event(ErasedEvent, o.s.Version, at))
	o.schedule(retry)
	return o.take()
}
