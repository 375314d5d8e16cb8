package domain

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
)

// Order is what a customer bought, with prices, names, contact and address as
// they were when it was placed. Its methods are the moves; each records what
// follows from it in Changes, and nothing else changes an order.
type Order struct {
	ID     uuid.UUID
	Number string

	State        State
	CancelReason CancelReason
	CancelNote   string
	// Version counts the changes that a reader of the order can see, from 1.
	Version int64
	// First holds the versions at which the order's events were first published.
	First FirstVersions

	Awaits Awaits
	// DueTime is when the sweeper looks at the order at the latest; zero for never.
	DueTime time.Time
	// RetryCount counts how often the awaited steps were asked again.
	RetryCount int
	// LastPublishedTime is when an awaited step was last asked for.
	LastPublishedTime time.Time
	// ExpireTime is when the order is cancelled unless it is paid by then; zero
	// once that can't happen any more.
	ExpireTime time.Time

	Quote
	Captured money.Money
	Refunded money.Money

	PaymentID     uuid.UUID
	PaymentMethod string

	// CustomerID is uuid.Nil for a guest.
	CustomerID uuid.UUID
	Contact    Contact
	Address    Address
	// Erased says that contact and address were blanked on the customer's behalf.
	Erased bool

	// Shipment is the zero Shipment before the order is shipped.
	Shipment Shipment
	// Refunds are loaded only where a decision needs them.
	Refunds []Refund

	CreateTime time.Time
	UpdateTime time.Time
}

// FirstVersions are the versions with which an order came to its states; 0 when
// it did not. An event that is published again carries the version of the first time.
type FirstVersions struct {
	AwaitingPayment int64
	Confirmed       int64
	Cancelled       int64
	Shipped         int64
}

// Line is a product and how many of it, at the price of the order.
type Line struct {
	ProductID uuid.UUID
	Code      string
	Name      string
	UnitPrice money.Money
	Quantity  int32
	Total     money.Money
}

// AdjustmentKind is what an adjustment is for. The numbers are stored.
type AdjustmentKind int

// The kinds of adjustments.
const (
	Shipping AdjustmentKind = iota + 1
	Tax
	Discount
)

// Adjustment changes what the customer pays: added when positive, taken off when
// negative.
type Adjustment struct {
	Kind   AdjustmentKind
	Label  string
	Amount money.Money
}

// Contact is whom to write to. The zero Contact is that of an erased person.
type Contact struct {
	FirstName string
	LastName  string
	Email     string
	Phone     string
}

// Address is a postal address with the fields of google.type.PostalAddress.
type Address struct {
	Revision           int32    `json:"revision,omitempty"`
	RegionCode         string   `json:"region_code,omitempty"`
	LanguageCode       string   `json:"language_code,omitempty"`
	PostalCode         string   `json:"postal_code,omitempty"`
	SortingCode        string   `json:"sorting_code,omitempty"`
	AdministrativeArea string   `json:"administrative_area,omitempty"`
	Locality           string   `json:"locality,omitempty"`
	Sublocality        string   `json:"sublocality,omitempty"`
	AddressLines       []string `json:"address_lines,omitempty"`
	Recipients         []string `json:"recipients,omitempty"`
	Organization       string   `json:"organization,omitempty"`
}

// Shipment says how and when an order was sent.
type Shipment struct {
	ID           uuid.UUID
	Carrier      string
	TrackingCode string
	ShipTime     time.Time
	DeliverTime  time.Time
}

// Refund is money given back, as payment told.
type Refund struct {
	ID     uuid.UUID
	Amount money.Money
	// Refunded is how much was given back in all, this refund included.
	Refunded money.Money
	Reason   string
	// Version is the order's version when it heard of the refund.
	Version int64
	// MailAwaited says that the customer's mail about it is not sent yet.
	MailAwaited bool
}

// Entry is one state that an order came to.
type Entry struct {
	Version      int64
	State        State
	CancelReason CancelReason
	Note         string
	Actor        string
	TraceID      string
	Time         time.Time
}

// Cause is why an order changes: when it happens, who makes it, and in which trace.
type Cause struct {
	Time time.Time
	// Actor is a person's id, "owner", or a service's name.
	Actor string
	// Traceparent continues the trace that led here (W3C trace context); may be empty.
	Traceparent string
}

// traceID is the trace's id: the second field of a traceparent.
func (c Cause) traceID() string {
	if len(c.Traceparent) != 55 {
		return ""
	}
	return c.Traceparent[3:35]
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
)

// Event is an event to publish. Its content is read from the order.
type Event struct {
	Kind EventKind
	// Version is the order's version when the event was first published.
	Version int64
	// Refund is the one that RefundedEvent tells of.
	Refund Refund
	// Time is when it is published, this time.
	Time        time.Time
	Traceparent string
}

// NeedsNotice reports whether the event holds what was ordered and where it goes.
func (e Event) NeedsNotice() bool {
	return e.Kind != AwaitingPaymentEvent && e.Kind != DeliveredEvent
}

// Changes is what follows from an order's moves, for the caller to store and publish.
type Changes struct {
	// Changed says that the order itself changed.
	Changed bool
	// History holds the new entries, oldest first.
	History []Entry
	// Refunds holds the refunds that are new or changed.
	Refunds []Refund
	// Events holds the events to publish, in order.
	Events []Event
	// Ignored says what was heard and can't concern this order: for the log.
	Ignored []string
}

// publish records an event; the same event twice in one batch is published once.
func (c *Changes) publish(event Event) {
	for _, other := range c.Events {
		if other.Kind == event.Kind && other.Version == event.Version {
			return
		}
	}
	c.Events = append(c.Events, event)
}

// transition moves the order to a state, under a new version.
func (o *Order) transition(next State, note string, at Cause, c *Changes) {
	o.State = next
	o.touch(at, c)
	c.History = append(c.History, Entry{
		Version: o.Version, State: next, CancelReason: o.CancelReason, Note: note,
		Actor: at.Actor, TraceID: at.traceID(), Time: at.Time,
	})
}

// touch counts a change that a reader can see.
func (o *Order) touch(at Cause, c *Changes) {
	o.Version++
	o.UpdateTime = at.Time
	c.Changed = true
}

// await says an event whose steps are waited for from now on.
func (o *Order) await(steps Awaits, event Event, c *Changes) {
	if o.Erased {
		steps &^= awaitsMail // nobody is left to write to
	}
	o.Awaits |= steps
	o.LastPublishedTime, o.RetryCount = event.Time, 0
	c.publish(event)
	c.Changed = true
}

// clear no longer waits for steps.
func (o *Order) clear(steps Awaits, c *Changes) {
	if o.Awaits.Has(steps) {
		o.Awaits &^= steps
		c.Changed = true
	}
}

// event returns an event that was first published at a version.
func (o *Order) event(kind EventKind, version int64, at Cause) Event {
	return Event{Kind: kind, Version: version, Time: at.Time, Traceparent: at.Traceparent}
}
