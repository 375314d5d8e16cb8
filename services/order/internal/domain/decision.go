package domain

import "time"

// Decision is what follows from a change of an order, for the caller to store and to
// publish in one transaction. The order itself has changed already.
type Decision struct {
	// Changed reports that the order's row changed.
	Changed bool
	// Person reports that contact or address changed, Shipment that the shipment did,
	// Disputes, Corrections and LinkMails that those did, Owner that a customer claimed the
	// order, or that a guest's token ended. They are stored apart, because they change rarely.
	Person, Shipment, Disputes, Corrections, LinkMails, Owner bool
	// Erased reports that the personal data of the order was blanked.
	Erased bool
	// History holds the new entries, oldest first.
	History []Entry
	// Refunds holds the refunds that are new or changed.
	Refunds []Refund
	// Events holds the events to publish, in order.
	Events []Event
	// Ignored describes events that can't concern this order: for the log.
	Ignored []string
}

// Empty reports whether there is nothing to store.
func (d Decision) Empty() bool { return !d.Changed && len(d.Refunds) == 0 }

// Decided is an order with the decision that changed it.
type Decided struct {
	Order    *Order
	Decision Decision
}

// EventKind is what an order publishes.
type EventKind int

// The events of an order.
const (
	PlacedEvent EventKind = iota + 1
	AwaitingPaymentEvent
	ConfirmedEvent
	CancelledEvent
	RefundedEvent
	ShippedEvent
	DeliveredEvent
	UpdatedEvent
	ErasedEvent
	ClaimedEvent
	LinkRequestedEvent
)

// Event is an event to publish.
type Event struct {
	Kind EventKind
	// Order is the one that it is about. The content is read from it when the event is
	// translated, after all changes of the decision.
	Order *Order
	// Version is the order's version when the event was first published.
	Version int64
	// Refund is the one that a RefundedEvent is about.
	Refund Refund
	// Correction is the one that an UpdatedEvent is about.
	Correction Correction
	// LinkMail is the one that a LinkRequestedEvent requests.
	LinkMail LinkMail
	// Time is when it is published, this time.
	Time        time.Time
	Traceparent string
}

// NeedsNotice reports whether the event holds what was ordered and where it goes.
func (e Event) NeedsNotice() bool {
	return e.Kind != AwaitingPaymentEvent && e.Kind != DeliveredEvent && e.Kind != ErasedEvent && e.Kind != ClaimedEvent
}

// take returns the decision that was gathered since the last call.
func (o *Order) take() Decision {
	d := o.d
	o.d = Decision{}
	return d
}

// publish adds an event; the same event twice in one decision is published once.
func (o *Order) publish(event Event) {
	for _, other := range o.d.Events {
		if other.Kind == event.Kind && other.Version == event.Version {
			return
		}
	}
	o.d.Events = append(o.d.Events, event)
}

// event returns an event that was first published at a version.
func (o *Order) event(kind EventKind, version int64, at Cause) Event {
	return Event{Kind: kind, Order: o, Version: version, Time: at.Time, Traceparent: at.Traceparent}
}

// transition moves the order to a state, under a new version.
func (o *Order) transition(next State, note string, at Cause) {
	o.s.State = next
	o.record(Moved, note, at)
}

// record adds an entry to the history, under a new version.
func (o *Order) record(step Step, note string, at Cause) {
	o.touch(at)
	o.d.History = append(o.d.History, Entry{
		Version: o.s.Version, Step: step, State: o.s.State, CancelReason: o.s.CancelReason, Note: note,
		Actor: at.Actor, TraceID: at.TraceID, Time: at.Time,
	})
}

// touch counts a change that a reader can see.
func (o *Order) touch(at Cause) {
	o.s.Version++
	o.s.UpdateTime = at.Time
	o.d.Changed = true
}

// await publishes an event whose steps are waited for from now on.
func (o *Order) await(steps Awaits, event Event) {
	if o.s.Erased {
		steps &^= awaitsMail // nobody is left to write to
	}
	o.s.Awaits |= steps
	o.s.LastPublishedTime, o.s.RetryCount = event.Time, 0
	o.publish(event)
	o.d.Changed = true
}

// clear no longer waits for steps.
func (o *Order) clear(steps Awaits) {
	if o.s.Awaits.Has(steps) {
		o.s.Awaits &^= steps
		o.d.Changed = true
	}
}

// ignore notes that an event can't concern the order in its state.
func (o *Order) ignore(what string) {
	o.d.Ignored = append(o.d.Ignored, what+" for order "+o.s.ID.String()+", which is "+o.s.State.String())
}

// keepRefund records a refund's last state, so that each is stored once.
func (o *Order) keepRefund(refund Refund) {
	for i := range o.d.Refunds {
		if o.d.Refunds[i].ID == refund.ID {
			o.d.Refunds[i] = refund
			return
		}
	}
	o.d.Refunds = append(o.d.Refunds, refund)
}
