package domain

import (
	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
)

// Event is what others are told of a payment.
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
	// Code says why nothing was taken; only in EventFailed.
	Code string
	// RefundID, Refunded (all that was given back, this refund included), Captured
	// and Reason are only in EventRefunded.
	RefundID uuid.UUID
	Refunded money.Money
	Captured money.Money
	Reason   string
	// Trace is the traceparent that the event continues; may be empty.
	Trace string
}

// EventKind is which event.
type EventKind int

// The kinds of events.
const (
	// EventCaptured says that the money was taken.
	EventCaptured EventKind = iota + 1
	// EventFailed says that nothing was taken, and nothing will be.
	EventFailed
	// EventRefunded says that money was given back.
	EventRefunded
)
