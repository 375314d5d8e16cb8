package domain

import "time"

// RetryPolicy says after how long without an answer a step is asked again.
type RetryPolicy struct {
	// After is the first delay; it doubles with each asking.
	After time.Duration
	// Hold asks nothing again for now: what was asked has not left yet.
	Hold bool
}

// longestRetryDelay bounds the doubling, unless the first delay is longer.
const longestRetryDelay = 10 * time.Minute

// Delay is how long to wait after asking again for the count-th time.
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

// nextDue is when the order is to be swept at: when an awaited step is overdue,
// or the order expires. It is zero when there is nothing to look for.
func (o *Order) nextDue(retry RetryPolicy) time.Time {
	var next time.Time
	if o.Awaits != 0 {
		next = o.LastPublishedTime.Add(retry.Delay(o.RetryCount))
	}
	if !o.ExpireTime.IsZero() && (next.IsZero() || o.ExpireTime.Before(next)) {
		next = o.ExpireTime
	}
	return next
}

// schedule keeps DueTime no later than the next look. It leaves an earlier one as
// it is, because the column is indexed and each change costs every index of the
// table an entry: the sweeper looks, finds that it is early, and moves it.
func (o *Order) schedule(retry RetryPolicy) {
	next := o.nextDue(retry)
	if next.IsZero() || o.DueTime.IsZero() || next.Before(o.DueTime) {
		o.DueTime = next
	}
}

// Sweep is what the sweeper does with an order whose DueTime has come: one that is
// not paid in time is cancelled; a step that is overdue is asked again, by saying
// its event under its first identity. The order's refunds must be loaded.
func (o *Order) Sweep(retry RetryPolicy, at Cause) Changes {
	var c Changes
	switch {
	case !o.ExpireTime.IsZero() && !at.Time.Before(o.ExpireTime):
		o.cancel(Expired, "", at, &c)
	case o.Awaits != 0 && !retry.Hold && !at.Time.Before(o.LastPublishedTime.Add(retry.Delay(o.RetryCount))):
		o.republish(at, &c)
	}
	next := o.nextDue(retry)
	if retry.Hold && o.Awaits != 0 {
		next = at.Time.Add(retry.After)
		if !o.ExpireTime.IsZero() && o.ExpireTime.Before(next) {
			next = o.ExpireTime
		}
	}
	if !next.Equal(o.DueTime) {
		o.DueTime = next
		c.Changed = true
	}
	return c
}

func (o *Order) republish(at Cause, c *Changes) {
	if o.Awaits.Has(AwaitsStock) {
		c.publish(o.event(PlacedEvent, 1, at))
	}
	if o.Awaits.Has(AwaitsPayment) && o.State == AwaitingPayment {
		c.publish(o.event(AwaitingPaymentEvent, o.First.AwaitingPayment, at))
	}
	if o.Awaits.Has(AwaitsCommit | AwaitsConfirmationMail) {
		c.publish(o.event(ConfirmedEvent, o.First.Confirmed, at))
	}
	if o.State == Cancelled && o.Awaits.Has(AwaitsPayment|AwaitsRelease|AwaitsRefund|AwaitsCancellationMail) {
		c.publish(o.event(CancelledEvent, o.First.Cancelled, at))
	}
	if o.Awaits.Has(AwaitsShippingMail) {
		c.publish(o.event(ShippedEvent, o.First.Shipped, at))
	}
	for _, refund := range o.Refunds {
		if refund.MailAwaited {
			c.publish(o.refundEvent(refund, at))
		}
	}
	o.LastPublishedTime = at.Time
	o.RetryCount++
	c.Changed = true
}
