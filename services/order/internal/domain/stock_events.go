package domain

import (
	"fmt"
	"strings"
)

// StockReserved reports that all lines are reserved. Inventory also publishes it when a
// reservation outlives the order's expiry: then it waits for the order's end.
type StockReserved struct{}

func (StockReserved) apply(o *Order, _ Policy, at Cause) error {
	switch {
	case o.s.State == Placed:
		o.clear(AwaitsStock)
		o.transition(AwaitingPayment, "", at)
		o.s.First.AwaitingPayment = o.s.Version
		o.await(AwaitsPayment, o.event(AwaitingPaymentEvent, o.s.Version, at))
	case o.s.State == Cancelled:
		o.publish(o.event(CancelledEvent, o.s.First.Cancelled, at))
	case o.s.State.Paid() && o.s.Awaits.Has(AwaitsCommit):
		o.publish(o.event(ConfirmedEvent, o.s.First.Confirmed, at))
	}
	return nil
}

// Shortage is a line that can't be served.
type Shortage struct {
	Code      string
	Requested int64
	Available int64
}

// StockRejected reports that the lines can't be reserved; nothing is.
type StockRejected struct{ Shortages []Shortage }

// shortagesNamed bounds how many shortages the history names.
const shortagesNamed = 10

func (f StockRejected) note() string {
	var short []string
	for _, s := range f.Shortages[:min(len(f.Shortages), shortagesNamed)] {
		short = append(short, fmt.Sprintf("%s: %d of %d available", s.Code, s.Available, s.Requested))
	}
	if more := len(f.Shortages) - shortagesNamed; more > 0 {
		short = append(short, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(short, "; ")
}

func (f StockRejected) apply(o *Order, _ Policy, at Cause) error {
	switch o.s.State {
	case Placed:
		o.cancel(OutOfStock, f.note(), at)
	case Cancelled:
	default:
		// The reservation was made before: inventory keeps to its first answer.
		o.ignore("StockRejected")
	}
	return nil
}

// StockCommitted reports that the stock has left the shelf.
type StockCommitted struct{}

func (StockCommitted) apply(o *Order, _ Policy, _ Cause) error {
	o.clear(AwaitsCommit)
	return nil
}

// StockReleased reports that nothing is held for the order.
type StockReleased struct{}

func (StockReleased) apply(o *Order, _ Policy, _ Cause) error {
	if o.s.State != Cancelled {
		o.ignore("StockReleased")
		return nil
	}
	o.clear(AwaitsRelease)
	return nil
}
