package domain

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
)

// Event is what is published about a payment.
type Event struct {
	Kind      EventKind
	PaymentID uuid.UUID
	OrderID   uuid.UUID
	// Version, with the kind, identifies the event among those of its payment.
	Version int64
	// Reference is the payment's; only in EventCaptured.
	Reference string
	// Amount is what was captured, or what this refund gave back.
	Amount money.Money
	// Code is why nothing was taken; only in EventFailed.
	Code string
	// Time is when the provider required the action or began to process; Method is the
	// payment's, only in EventProcessing.
	Time   time.Time
	Method string
	// RefundID, Refunded (all that was given back, this refund included), Captured,
	// Reason and Origin are only in EventRefunded.
	RefundID uuid.UUID
	Refunded money.Money
	Captured money.Money
	Reason   string
	Origin   RefundOrigin
	// Dispute is only in EventDisputed.
	Dispute Dispute
	// Trace is the traceparent that the event continues; may be empty.
	Trace string
	// PublishTime is when it is published, this time.
	PublishTime time.Time
}

// EventKind is which event.
type EventKind int

// The kinds of events.
const (
	// EventCaptured: the money was taken.
	EventCaptured EventKind = iota + 1
	// EventFailed: nothing was taken, and nothing will be.
	EventFailed
	// EventRefunded: money was given back.
	EventRefunded
	// EventActionRequired: the customer has to act.
	EventActionRequired
	// EventProcessing: a bank works on the payment.
	EventProcessing
	// EventDisputed: a dispute was opened or changed.
	EventDisputed
)
