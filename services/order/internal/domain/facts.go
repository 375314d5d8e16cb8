package domain

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Heard is a fact about an order, from the context that says it.
type Heard struct {
	OrderID uuid.UUID
	Fact    Fact
	// Actor is the context's name.
	Actor string
	// Traceparent is the event's trace; may be empty.
	Traceparent string
}

// Needs says what is to be loaded for facts: the orders, those whose events are
// likely to tell lines, and those whose refunds decide. Each id comes once, in the
// order in which it was heard of.
type Needs struct {
	Orders  []uuid.UUID
	Lines   []uuid.UUID
	Refunds []uuid.UUID
	// Addresses are wanted with all orders.
	Addresses bool
}

// NeedsOf says what facts need.
func NeedsOf(heard []Heard) Needs {
	var needs Needs
	orders, lines, refunds := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	once := func(ids *[]uuid.UUID, seen map[uuid.UUID]bool, id uuid.UUID) {
		if !seen[id] {
			seen[id] = true
			*ids = append(*ids, id)
		}
	}
	for _, h := range heard {
		once(&needs.Orders, orders, h.OrderID)
		switch fact := h.Fact.(type) {
		case PaymentCaptured, PaymentFailed, StockRejected:
			once(&needs.Lines, lines, h.OrderID)
		case PaymentRefunded:
			once(&needs.Lines, lines, h.OrderID)
			once(&needs.Refunds, refunds, h.OrderID)
		case MailSettled:
			if fact.Kind == RefundMail {
				once(&needs.Refunds, refunds, h.OrderID)
			}
		}
	}
	return needs
}

// Changed is an order and what follows from its moves.
type Changed struct {
	Order   *Order
	Changes Changes
}

// HearAll applies facts in their order to the orders that NeedsOf named, as far as
// they exist, and returns the orders in the order in which they were heard of, each
// once. A fact about an unknown order is returned in unknown, unless it tells of
// money: that is an error, so that somebody looks.
func HearAll(orders map[uuid.UUID]*Order, heard []Heard, retry RetryPolicy, now time.Time) (changed []Changed, unknown []Heard, err error) {
	at := make(map[uuid.UUID]int, len(orders))
	for _, h := range heard {
		o, known := orders[h.OrderID]
		if !known {
			if tellsOfMoney(h.Fact) {
				return nil, nil, fmt.Errorf("%s said %T of order %s, which there is not", h.Actor, h.Fact, h.OrderID)
			}
			unknown = append(unknown, h)
			continue
		}
		i, again := at[o.ID]
		if !again {
			i = len(changed)
			at[o.ID] = i
			changed = append(changed, Changed{Order: o})
		}
		moment := Moment{Time: now, Actor: h.Actor, Traceparent: h.Traceparent}
		if err := o.Hear(h.Fact, retry, moment, &changed[i].Changes); err != nil {
			return nil, nil, err
		}
	}
	return changed, unknown, nil
}

// tellsOfMoney reports whether a fact says that money was moved.
func tellsOfMoney(fact Fact) bool {
	switch fact.(type) {
	case PaymentCaptured, PaymentRefunded:
		return true
	default:
		return false
	}
}

// AwaitingAnswer returns the orders to which the facts hold the first answer of
// inventory, before they are heard.
func AwaitingAnswer(orders map[uuid.UUID]*Order, heard []Heard) []*Order {
	var waiting []*Order
	counted := make(map[uuid.UUID]bool)
	for _, h := range heard {
		switch h.Fact.(type) {
		case StockReserved, StockRejected:
			if o, known := orders[h.OrderID]; known && o.State == Placed && !counted[o.ID] {
				counted[o.ID] = true
				waiting = append(waiting, o)
			}
		}
	}
	return waiting
}
