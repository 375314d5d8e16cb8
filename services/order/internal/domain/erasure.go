package domain

import (
	"time"

	"github.com/google/uuid"
)

// Erasure names people whose data is to be blanked.
type Erasure struct {
	Customers []uuid.UUID
	// Guests ordered without an account.
	Guests []ErasedGuest
	// Traceparent continues the trace of the last of the events, and TraceID is its id; both
	// may be empty.
	Traceparent, TraceID string
}

// ErasedOrder is an order whose personal data was blanked.
type ErasedOrder struct {
	ID uuid.UUID
	// Version is the order's when it was blanked.
	Version int64
	Time    time.Time
}

// ErasedGuest is the owner of an e-mail address, in the form that compares, who was
// erased at a time: what was ordered under the address later is kept.
type ErasedGuest struct {
	Email string
	Time  time.Time
}
