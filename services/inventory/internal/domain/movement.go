package domain

import (
	"time"

	"github.com/google/uuid"
)

// MovementKind is what moved stock. The values are stored.
type MovementKind int16

// The kinds of movements.
const (
	// Adjustment is what somebody counted, brought in or broke.
	Adjustment MovementKind = 1
	// Sale is what a confirmed order took.
	Sale MovementKind = 2
	// Restock is what an order gave back that was cancelled after it was confirmed.
	Restock MovementKind = 3
)

// OrderActor is who moved what a sale or a restock moved.
const OrderActor = "order"

// Movement is one line of the ledger: a product's OnHand is the sum of its deltas.
type Movement struct {
	// ID counts movements, rising within one product; 0 until it is stored.
	ID          int64
	ProductID   uuid.UUID
	ProductCode string
	Kind        MovementKind
	// Delta is how many pieces came in (positive) or went out (negative).
	Delta int64
	// OnHandAfter is what was on hand then.
	OnHandAfter int64
	// OrderID is the order that it belongs to; uuid.Nil for adjustments.
	OrderID uuid.UUID
	// Reason is why, as the one who adjusted it wrote.
	Reason string
	// Actor is who did it: a person's id or a service's name.
	Actor string
	// TraceID is the trace in which it happened, in hex; may be empty.
	TraceID    string
	CreateTime time.Time
}

// Cause is why stock changes: when it happens, who does it, and in which trace.
type Cause struct {
	Time time.Time
	// Actor is a person's id, the kind of caller where it has none, or OrderActor.
	Actor string
	// TraceID is the trace's id in hex; may be empty.
	TraceID string
}
