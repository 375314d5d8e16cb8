package domain

import (
	"time"

	"github.com/google/uuid"
)

// State is where a reservation stands. The values are stored.
type State int16

// The states. A reservation moves RESERVED → COMMITTED → RESTOCKED or
// RESERVED → RELEASED; REJECTED and a tombstone stay what they are.
const (
	// Reserved holds stock for an order that is not paid yet.
	Reserved State = 1
	// Committed has taken the stock of a confirmed order.
	Committed State = 2
	// Released holds nothing: the order was cancelled. Without lines it is a
	// tombstone: the cancellation came before the order, which it refuses.
	Released State = 3
	// Restocked has given back what was taken: cancelled after it was confirmed.
	Restocked State = 4
	// Rejected held nothing ever: the stock did not suffice.
	Rejected State = 5
)

// String returns the state's name as audits and logs show it.
func (s State) String() string {
	switch s {
	case Reserved:
		return "RESERVED"
	case Committed:
		return "COMMITTED"
	case Released:
		return "RELEASED"
	case Restocked:
		return "RESTOCKED"
	case Rejected:
		return "REJECTED"
	default:
		return "UNKNOWN"
	}
}

// Versions of what happens to a reservation: events carry them.
const (
	versionMade    = 1 // RESERVED or REJECTED
	versionCleared = 2 // COMMITTED or RELEASED
	versionUndone  = 3 // RESTOCKED
)

// Line is how many pieces of a product an order wants.
type Line struct {
	ProductID uuid.UUID
	// ProductCode names the product to people; it is not stored with reservations.
	ProductCode string
	Quantity    int64
}

// Shortage is a line that can't be served.
type Shortage struct {
	ProductID   uuid.UUID
	ProductCode string
	Requested   int64
	// Available is what could be ordered then.
	Available int64
}

// Reservation is what is, or was, held for one order.
type Reservation struct {
	OrderID uuid.UUID
	State   State
	// Lines name each product once, by id; none in a tombstone.
	Lines   []Line
	Version int64
	// ExpireTime is when the order should have ended, or when the reservation was
	// made if that was later. It never changes.
	ExpireTime time.Time
	// Shortages are what was short; only when Rejected.
	Shortages  []Shortage
	CreateTime time.Time
	UpdateTime time.Time
}
