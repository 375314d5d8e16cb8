package domain

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Inbound is an event about an order, from the context that says it.
type Inbound struct {
	OrderID uuid.UUID
	Event   InboundEvent
	// Actor is the context's name.
	Actor string
	// Traceparent is the event's trace; may be empty.
	Traceparent string
}

// LoadSpec says what is to be loaded for events: the orders, those whose events are
// likely to tell lines, and those whose refunds decide. Each id comes once, in the
// order in which they first appear.
type LoadSpec struct {
	Orders  []uuid.UUID
	Lines   []uuid.UUID
	Refunds []uuid.UUID
	// Addresses are wanted with all orders.
	Addresses bool
}

// LoadSpecOf says what events need.
func LoadSpecOf(inbound []Inbound) LoadSpec {
	var spec LoadSpec
	orders, lines, refunds := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	once := func(ids *[]uuid.UUID, seen map[uuid.UUID]bool, id uuid.UUID) {
		if !seen[id] {
			seen[id] = true
			*ids = append(*ids, id)
		}
	}
	for _, in := range inbound {
		once(&spec.Orders, orders, in.OrderID)
		switch event := in.Event.(type) {
		case PaymentCaptured, PaymentFailed, StockRejected:
			once(&spec.Lines, lines, in.OrderID)
		case PaymentRefunded:
			once(&spec.Lines, lines, in.OrderID)
			once(&spec.Refunds, refunds, in.OrderID)
		case MailDone:
			if event.Kind == RefundMail {
				once(&spec.Refunds, refunds, in.OrderID)
			}
		}
	}
	return spec
}

// Changed is an order and what follows from its moves.
type Changed struct {
	Order   *Order
	Changes Changes
}

// ApplyAll applies events in their order to the orders that LoadSpecOf named, as far as
// they exist, and returns the orders in the order in which they were heard of, each
// once. An event about an unknown order is returned in unknown, unless it tells of
// money: that is an error, so that somebody looks.
func ApplyAll(orders map[uuid.UUID]*Order, inbound []Inbound, retry RetryPolicy, now time.Time) (changed []Changed, unknown []Inbound, err error) {
	at := make(map[uuid.UUID]int, len(orders))
	for _, in := range inbound {
		o, known := orders[in.OrderID]
		if !known {
			if reportsMoney(in.Event) {
				return nil, nil, fmt.Errorf("%s said %T of order %s, which there is not", in.Actor, in.Event, in.OrderID)
			}
			unknown = append(unknown, in)
			continue
		}
		i, again := at[o.ID]
		if !again {
			i = len(changed)
			at[o.ID] = i
			changed = append(changed, Changed{Order: o})
		}
		cause := Cause{Time: now, Actor: in.Actor, Traceparent: in.Traceparent}
		if err := o.Apply(in.Event, retry, cause, &changed[i].Changes); err != nil {
			return nil, nil, err
		}
	}
	return changed, unknown, nil
}

// reportsMoney reports whether a fact says that money was moved.
func reportsMoney(event InboundEvent) bool {
	switch event.(type) {
	case PaymentCaptured, PaymentRefunded:
		return true
	default:
		return false
	}
}

// AwaitingAnswer returns the orders to which the facts hold the first answer of
// inventory, before they are heard.
func AwaitingAnswer(orders map[uuid.UUID]*Order, inbound []Inbound) []*Order {
	var waiting []*Order
	counted := make(map[uuid.UUID]bool)
	for _, in := range inbound {
		switch in.Event.(type) {
		case StockReserved, StockRejected:
			if o, known := orders[in.OrderID]; known && o.State == Placed && !counted[o.ID] {
				counted[o.ID] = true
				waiting = append(waiting, o)
			}
		}
	}
	return waiting
}
