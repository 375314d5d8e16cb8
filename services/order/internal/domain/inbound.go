package domain

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// InboundEvent is what another context reports about an order. Events arrive more than
// once, and those of different contexts in any order, so applying one must be right
// for every state.
type InboundEvent interface {
	apply(o *Order, policy Policy, at Cause) error
}

// Inbound is an event about an order, from the context that reports it.
type Inbound struct {
	OrderID uuid.UUID
	Event   InboundEvent
	// Actor is the context's name.
	Actor string
	// Traceparent continues the event's trace, and TraceID is its id; both may be empty.
	Traceparent, TraceID string
}

// Apply applies one event. It returns an error for an event that contradicts what the
// order knows; the order must not be stored then.
func (o *Order) Apply(event InboundEvent, policy Policy, at Cause) (Decision, error) {
	if err := o.apply(event, policy, at); err != nil {
		return Decision{}, err
	}
	return o.take(), nil
}

func (o *Order) apply(event InboundEvent, policy Policy, at Cause) error {
	if err := event.apply(o, policy, at); err != nil {
		return fmt.Errorf("order %s, %s: %w", o.s.ID, o.s.State, err)
	}
	o.schedule(policy.Retry)
	return nil
}

// LoadSpec names what is to be loaded for events: the orders, those whose own events
// are likely to hold lines and address, and those whose refunds decide. Each id comes
// once, in the order in which it first appears.
type LoadSpec struct {
	Orders  []uuid.UUID
	Lines   []uuid.UUID
	Refunds []uuid.UUID
}

// LoadSpecOf names what events need.
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

// ApplyAll applies events in their order to the orders that LoadSpecOf named, as far
// as they exist, and returns each order once, in the order of their first events. An
// event about an unknown order is returned in unknown, unless it reports money: that
// is an error, so that it is set aside for an operator.
func ApplyAll(orders map[uuid.UUID]*Order, inbound []Inbound, policy Policy, now time.Time) (decided []Decided, unknown []Inbound, err error) {
	for _, in := range inbound {
		o, known := orders[in.OrderID]
		if !known {
			if reportsMoney(in.Event) {
				return nil, nil, fmt.Errorf("%s reports %T of order %s, which does not exist", in.Actor, in.Event, in.OrderID)
			}
			unknown = append(unknown, in)
			continue
		}
		if err := o.apply(in.Event, policy, Cause{Time: now, Actor: in.Actor, Traceparent: in.Traceparent, TraceID: in.TraceID}); err != nil {
			return nil, nil, err
		}
	}
	seen := make(map[uuid.UUID]bool, len(orders))
	for _, in := range inbound {
		if o, known := orders[in.OrderID]; known && !seen[in.OrderID] {
			seen[in.OrderID] = true
			decided = append(decided, Decided{Order: o, Decision: o.take()})
		}
	}
	return decided, unknown, nil
}

// reportsMoney reports whether an event is about money that was moved.
func reportsMoney(event InboundEvent) bool {
	switch event.(type) {
	case PaymentCaptured, PaymentRefunded, PaymentDisputed:
		return true
	default:
		return false
	}
}

// AwaitingAnswer returns the orders for which the events hold the first answer of
// inventory, before they are applied.
func AwaitingAnswer(orders map[uuid.UUID]*Order, inbound []Inbound) []*Order {
	var waiting []*Order
	for _, in := range inbound {
		switch in.Event.(type) {
		case StockReserved, StockRejected:
			if o, known := orders[in.OrderID]; known && o.s.State == Placed && !slices.Contains(waiting, o) {
				waiting = append(waiting, o)
			}
		}
	}
	return waiting
}
