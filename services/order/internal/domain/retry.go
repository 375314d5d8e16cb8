package domain

import "time"

// RetryPolicy is after how long without an answer the event of a step is published again.
type RetryPolicy struct {
	// After is the first delay; it doubles with each repetition.
	After time.Duration
	// Hold publishes nothing again for now: the outbox still holds what was published.
	Hold bool
}

// longestRetryDelay bounds the doubling, unless the first delay is longer.
const longestRetryDelay = 10 * time.Minute

// Delay is how long to wait after the count-th repetition.
func (p RetryPolicy) Delay(count int) time.Duration {
	delay := p.After
	for range count {
		if delay >= longestRetryDelay {
			break
		}
		delay = min(2*delay, longestRetryDelay)
	}
	return delay
}

// nextDue is when the order is to be handled by the sweeper: when an awaited step is overdue,
// or the order expires. It is zero when nothing is waited for.
func (o *Order) nextDue(retry RetryPolicy) time.Time {
	var next time.Time
	if o.s.Awaits != 0 {
		next = o.s.LastPublishedTime.Add(retry.Delay(o.s.RetryCount))
	}
	if !o.s.ExpireTime.IsZero() && (next.IsZero() || o.s.ExpireTime.Before(next)) {
		next = o.s.ExpireTime
	}
	return next
}

// schedule keeps DueTime no later than nextDue. It leaves an earlier one as
// it is, because the column is indexed and each change costs every index of the
// table an entry: the sweeper finds that it is early, and moves it.
func (o *Order) schedule(retry RetryPolicy) {
	next := o.nextDue(retry)
	if next.IsZero() || o.s.DueTime.IsZero() || next.Before(o.s.DueTime) {
		o.s.DueTime = next
	}
}

// Sweep is what the sweeper does with an order whose DueTime has come: one that is
// not paid in time is cancelled; the event of an overdue step is published again,
// under its first identity. The order's refunds must be loaded.
func (o *Order) Sweep(retry RetryPolicy, at Cause) Decision {
	switch {
	case !o.s.ExpireTime.IsZero() && !at.Time.Before(o.s.ExpireTime):
		o.cancel(Expired, "", at)
	case o.s.Awaits != 0 && !retry.Hold && !at.Time.Before(o.s.LastPublishedTime.Add(retry.Delay(o.s.RetryCount))):
		o.republish(at)
	}
	next := o.nextDue(retry)
	if retry.Hold && o.s.Awaits != 0 {
		next = at.Time.Add(retry.After)
		if !o.s.ExpireTime.IsZero() && o.s.ExpireTime.Before(next) {
			next = o.s.ExpireTime
		}
	}
	if !next.Equal(o.s.DueTime) {
		o.s.DueTime = next
		o.d.Changed = true
	}
	return o.take()
}

func (o *Order) republish(at Cause) {
	if o.s.Awaits.Has(AwaitsStock) {
		o.publish(o.event(PlacedEvent, 1, at))
	}
	if o.s.Awaits.Has(AwaitsPayment) && o.s.State == AwaitingPayment {
		o.publish(o.event(AwaitingPaymentEvent, o.s.First.AwaitingPayment, at))
	}
	if o.s.Awaits.Has(AwaitsCommit | AwaitsConfirmationMail) {
		o.publish(o.event(ConfirmedEvent, o.s.First.Confirmed, at))
	}
	if o.s.State == Cancelled && o.s.Awaits.Has(AwaitsPayment|AwaitsRelease|AwaitsRefund|AwaitsCancellationMail) {
		o.publish(o.event(CancelledEvent, o.s.First.Cancelled, at))
	}
	if o.s.Awaits.Has(AwaitsShippingMail) {
		o.publish(o.event(ShippedEvent, o.s.First.Shipped, at))
	}
	for _, refund := range o.s.Refunds {
		if refund.MailAwaited {
			o.publish(o.refundEvent(refund, at))
		}
	}
	if o.s.Awaits.Has(AwaitsUpdateMail) {
		for _, correction := range o.s.Corrections {
			if correction.MailAwaited {
				o.publish(o.correctionEvent(correction, at))
			}
		}
	}
	if o.s.Awaits.Has(AwaitsLinkMail) {
		for _, mail := range o.s.LinkMails {
			if mail.MailAwaited {
				o.publish(o.linkEvent(mail, at))
			}
		}
	}
	o.s.LastPublishedTime = at.Time
	o.s.RetryCount++
	o.d.Changed = true
}
