package domain

import (
	"time"

	"github.com/google/uuid"
)

// EventKind is what inventory publishes.
type EventKind int

// The kinds of events. The first four are about a reservation and keyed by its
// order, the last is about a product.
const (
	StockReserved EventKind = iota + 1
	StockRejected
	StockCommitted
	StockReleased
	StockLevelChanged
)

// Event is an event to publish. Where it is published again, it is the same: kind,
// version and time are those of the first time.
type Event struct {
	Kind EventKind
	// OrderID is the order of a reservation's event.
	OrderID uuid.UUID
	Version int64
	// Shortages are what was short; only in StockRejected.
	Shortages []Shortage
	// Level is the whole stock of the product; only in StockLevelChanged.
	Level Stock
	// Time is when it happened first.
	Time time.Time
	// Traceparent continues the trace of the event that it answers; may be empty.
	Traceparent string
}

// Event is what the reservation came to.
func (r Reservation) Event() Event {
	e := Event{OrderID: r.s.OrderID, Version: r.s.Version, Time: r.s.UpdateTime}
	switch r.s.State {
	case Reserved:
		e.Kind = StockReserved
	case Committed:
		e.Kind = StockCommitted
	case Rejected:
		e.Kind, e.Shortages = StockRejected, r.s.Shortages
	default:
		e.Kind = StockReleased
	}
	return e
}

// releasedEvent answers a cancelled order: nothing is held for it.
func (r Reservation) releasedEvent() Event {
	return Event{Kind: StockReleased, OrderID: r.s.OrderID, Version: r.s.Version, Time: r.s.UpdateTime}
}

// LevelChanged is the event of a product's stock.
func LevelChanged(s Stock) Event {
	return Event{Kind: StockLevelChanged, Level: s, Version: s.s.Version, Time: s.s.UpdateTime}
}

// LevelsChanged are the events of the stock of products.
func LevelsChanged(stocks []Stock) []Event {
	all := make([]Event, len(stocks))
	for i, s := range stocks {
		all[i] = LevelChanged(s)
	}
	return all
}
