package domain

import "time"

// AskPolicy says after how long without an answer a step is asked again.
type AskPolicy struct {
	// After is the first delay; it doubles with each asking.
	After time.Duration
	// Hold asks nothing again for now: what was asked has not left yet.
	Hold bool
}

// longestAskDelay bounds the doubling, unless the first delay is longer.
const longestAskDelay = 10 * time.Minute

// Delay is how long to wait after asking again for the count-th time.
func (p AskPolicy) Delay(count int) time.Duration {
	delay := p.After
	for range count {
		if delay >= longestAskDelay {
			break
		}
		delay = min(2*delay, longestAskDelay)
	}
	return delay
}

// nextLook is when the order is to be looked at: when an awaited step is overdue,
// or the order expires. It is zero when there is nothing to look for.
func (o *Order) nextLook(ask AskPolicy) time.Time {
	var next time.Time
	if o.Awaits != 0 {
		next = o.SaidTime.Add(ask.Delay(o.AskCount))
	}
	if !o.ExpireTime.IsZero() && (next.IsZero() || o.ExpireTime.Before(next)) {
		next = o.ExpireTime
	}
	return next
}

// schedule keeps AskTime no later than the next look. It leaves an earlier one as
// it is, because the column is indexed and each change costs every index of the
// table an entry: the sweeper looks, finds that it is early, and moves it.
func (o *Order) schedule(ask AskPolicy) {
	next := o.nextLook(ask)
	if next.IsZero() || o.AskTime.IsZero() || next.Before(o.AskTime) {
		o.AskTime = next
	}
}

// Look is what the sweeper does with an order whose AskTime has come: one that is
// not paid in time is cancelled; a step that is overdue is asked again, by saying
// its event under its first identity. The order's refunds must be loaded.
func (o *Order) Look(ask AskPolicy, at Moment) Changes {
	var c Changes
	switch {
	case !o.ExpireTime.IsZero() && !at.Time.Before(o.ExpireTime):
		o.cancel(Expired, "", at, &c)
	case o.Awaits != 0 && !ask.Hold && !at.Time.Before(o.SaidTime.Add(ask.Delay(o.AskCount))):
		o.askAgain(at, &c)
	}
	next := o.nextLook(ask)
	if ask.Hold && o.Awaits != 0 {
		next = at.Time.Add(ask.After)
		if !o.ExpireTime.IsZero() && o.ExpireTime.Before(next) {
			next = o.ExpireTime
		}
	}
	if !next.Equal(o.AskTime) {
		o.AskTime = next
		c.Changed = true
	}
	return c
}

func (o *Order) askAgain(at Moment, c *Changes) {
	if o.Awaits.Has(AwaitsStock) {
		c.say(o.saying(SayPlaced, 1, at))
	}
	if o.Awaits.Has(AwaitsPayment) && o.State == AwaitingPayment {
		c.say(o.saying(SayAwaitingPayment, o.First.AwaitingPayment, at))
	}
	if o.Awaits.Has(AwaitsCommit | AwaitsConfirmationMail) {
		c.say(o.saying(SayConfirmed, o.First.Confirmed, at))
	}
	if o.State == Cancelled && o.Awaits.Has(AwaitsPayment|AwaitsRelease|AwaitsRefund|AwaitsCancellationMail) {
		c.say(o.saying(SayCancelled, o.First.Cancelled, at))
	}
	if o.Awaits.Has(AwaitsShippingMail) {
		c.say(o.saying(SayShipped, o.First.Shipped, at))
	}
	for _, refund := range o.Refunds {
		if refund.MailAwaited {
			c.say(o.sayRefund(refund, at))
		}
	}
	o.SaidTime = at.Time
	o.AskCount++
	c.Changed = true
}
