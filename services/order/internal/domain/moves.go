package domain

import (
	"time"

	"github.com/google/uuid"
)

// Cancel ends the order because somebody asked for it; note is why. It is refused
// once the order was shipped.
func (o *Order) Cancel(note string, retry RetryPolicy, at Cause) (Changes, error) {
	if !o.State.MayMoveTo(Cancelled) {
		return Changes{}, o.refuseMove("cancelled")
	}
	var c Changes
	o.cancel(Requested, note, at, &c)
	o.schedule(retry)
	return c, nil
}

// cancel ends the order. Stock that is or may be held is to be released; a
// payment that was asked for stays awaited until its outcome is known; what was
// captured is to be given back.
func (o *Order) cancel(reason CancelReason, note string, at Cause, c *Changes) {
	o.CancelReason, o.CancelNote = reason, note
	o.ExpireTime = time.Time{}
	o.clear(AwaitsStock|AwaitsCommit|AwaitsConfirmationMail, c)
	o.transition(Cancelled, note, at, c)
	o.First.Cancelled = o.Version
	o.await(AwaitsRelease|AwaitsCancellationMail|o.refundDue(), o.event(CancelledEvent, o.Version, at), c)
}

// refundDue is AwaitsRefund while more was captured on a cancelled order than
// was given back.
func (o *Order) refundDue() Awaits {
	if o.State == Cancelled && o.Captured.Amount > o.Refunded.Amount {
		return AwaitsRefund
	}
	return 0
}

// Ship says that the order was sent. It is refused unless the order is confirmed.
func (o *Order) Ship(id uuid.UUID, carrier, trackingCode string, retry RetryPolicy, at Cause) (Changes, error) {
	if !o.State.MayMoveTo(Shipped) {
		return Changes{}, o.refuseMove("shipped")
	}
	var c Changes
	o.Shipment = Shipment{ID: id, Carrier: carrier, TrackingCode: trackingCode, ShipTime: at.Time}
	o.transition(Shipped, "", at, &c)
	o.First.Shipped = o.Version
	o.await(AwaitsShippingMail, o.event(ShippedEvent, o.Version, at), &c)
	o.schedule(retry)
	return c, nil
}

// Deliver says that the order arrived. It is refused unless the order is shipped.
func (o *Order) Deliver(at Cause) (Changes, error) {
	if !o.State.MayMoveTo(Delivered) {
		return Changes{}, o.refuseMove("delivered")
	}
	var c Changes
	o.Shipment.DeliverTime = at.Time
	o.transition(Delivered, "", at, &c)
	c.publish(o.event(DeliveredEvent, o.Version, at))
	return c, nil
}

// Erase blanks contact and address on the customer's behalf. Mails that are not
// sent yet are no longer awaited: nobody is left to write to.
func (o *Order) Erase(retry RetryPolicy, at Cause) Changes {
	var c Changes
	if o.Erased {
		return c
	}
	o.Erased, o.Contact, o.Address = true, Contact{}, Address{}
	o.clear(awaitsMail, &c)
	for i := range o.Refunds {
		if o.Refunds[i].MailAwaited {
			o.Refunds[i].MailAwaited = false
			c.Refunds = append(c.Refunds, o.Refunds[i])
		}
	}
	o.touch(at, &c)
	o.schedule(retry)
	return c
}
