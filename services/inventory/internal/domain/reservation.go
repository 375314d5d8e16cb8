package domain

import (
	"fmt"
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

// Reservation is what is, or was, held for one order. Each of its moves returns the
// reservation as it is then, and refuses one that its state does not allow.
type Reservation struct {
	s ReservationSnapshot
}

// ReservationSnapshot is a reservation as it is stored.
type ReservationSnapshot struct {
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

// NewReservation is that of a placed order: RESERVED, or REJECTED when something is
// short. It refuses another event than that of a placed order.
func NewReservation(order InboundEvent, shortages []Shortage, now time.Time) (Reservation, error) {
	if order.kind != Placed {
		return Reservation{}, fmt.Errorf("order %s has no lines to reserve", order.orderID)
	}
	state := Reserved
	if len(shortages) > 0 {
		state = Rejected
	}
	return Reservation{ReservationSnapshot{
		OrderID: order.orderID, State: state, Lines: order.lines, Version: versionMade, Shortages: shortages,
		ExpireTime: later(order.expireTime, now), CreateTime: now, UpdateTime: now,
	}}, nil
}

// NewTombstone is the reservation of an order that was cancelled before it was known
// here: RELEASED, without lines, so that the order is refused when it comes.
func NewTombstone(orderID uuid.UUID, now time.Time) Reservation {
	return Reservation{ReservationSnapshot{
		OrderID: orderID, State: Released, Version: versionCleared, ExpireTime: now, CreateTime: now, UpdateTime: now,
	}}
}

// RestoreReservation returns a reservation as it was stored.
func RestoreReservation(s ReservationSnapshot) Reservation { return Reservation{s} }

// Snapshot returns the reservation as it is stored. Its slices belong to the reservation.
func (r Reservation) Snapshot() ReservationSnapshot { return r.s }

// OrderID returns the order that it is for.
func (r Reservation) OrderID() uuid.UUID { return r.s.OrderID }

// State returns where the reservation stands.
func (r Reservation) State() State { return r.s.State }

// Lines are what the order wants, each product once, by id. The slice belongs to the
// reservation.
func (r Reservation) Lines() []Line { return r.s.Lines }

// Commit has taken the stock, because the order was confirmed.
func (r Reservation) Commit(now time.Time) (Reservation, error) {
	return r.move(Reserved, Committed, versionCleared, now)
}

// Release holds nothing any more, because the order was cancelled.
func (r Reservation) Release(now time.Time) (Reservation, error) {
	return r.move(Reserved, Released, versionCleared, now)
}

// Restock has given back what was taken, because the order was cancelled after it was
// confirmed.
func (r Reservation) Restock(now time.Time) (Reservation, error) {
	return r.move(Committed, Restocked, versionUndone, now)
}

func (r Reservation) move(from, to State, version int64, now time.Time) (Reservation, error) {
	if r.s.State != from {
		return Reservation{}, fmt.Errorf("the reservation of order %s is %s: it can't come to be %s", r.s.OrderID, r.s.State, to)
	}
	r.s.State, r.s.Version, r.s.UpdateTime = to, version, now
	return r, nil
}
