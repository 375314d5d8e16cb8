package domain

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Loaded is what a batch of order events is decided on, all of it locked: the
// reservations that exist of its orders, and the stock of every product that a
// placed order or one of those reservations names. A product without stock has
// none on hand.
type Loaded struct {
	Reservations map[uuid.UUID]Reservation
	Stock        map[uuid.UUID]Stock
}

// StockChange is a stock row's net change by a batch.
type StockChange struct {
	Before Stock
	After  Stock
}

// Decision is what a batch of order events writes and publishes.
type Decision struct {
	// Stock holds one net change per product, by product id.
	Stock []StockChange
	// New are the reservations to insert, by order id.
	New []Reservation
	// Changed are the reservations to update, by order id.
	Changed []Reservation
	// Movements are the ledger's new lines, in order.
	Movements []Movement
	// Events are what to publish of reservations, in order; each once.
	Events []Event
}

// Decide applies the events one after another, first come first served, and
// returns the net effect. Each event is right in any state of its reservation, so
// that one which comes again, late or early does no harm. An error means that
// stock and reservations contradict each other.
func Decide(loaded Loaded, events []InboundEvent, now time.Time) (Decision, error) {
	d := decider{
		now:          now,
		loaded:       loaded,
		stock:        make(map[uuid.UUID]Stock, len(loaded.Stock)),
		reservations: make(map[uuid.UUID]Reservation, len(events)),
		published:    make(map[eventKey]struct{}, len(events)),
	}
	for _, event := range events {
		d.traceparent = event.traceparent
		if err := d.apply(event); err != nil {
			return Decision{}, fmt.Errorf("order %s: %w", event.orderID, err)
		}
	}
	return d.decision(), nil
}

// decider walks through a batch; its maps hold what differs from what was loaded.
type decider struct {
	now          time.Time
	loaded       Loaded
	stock        map[uuid.UUID]Stock
	reservations map[uuid.UUID]Reservation
	movements    []Movement
	events       []Event
	published    map[eventKey]struct{}
	// traceparent is the trace of the event that is being applied.
	traceparent string
}

type eventKey struct {
	order   uuid.UUID
	kind    EventKind
	version int64
}

func (d *decider) apply(event InboundEvent) error {
	r, known := d.reservation(event.orderID)
	switch event.kind {
	case Placed:
		return d.placed(event, r, known)
	case Confirmed:
		return d.confirmed(event, r, known)
	case Cancelled:
		return d.cancelled(event, r, known)
	default:
		return fmt.Errorf("unknown kind of order event %d", event.kind)
	}
}

func (d *decider) placed(event InboundEvent, r Reservation, known bool) error {
	if known {
		d.publish(r.Event())
		return nil
	}
	r, err := NewReservation(event, d.shortages(event.lines), d.now)
	if err != nil {
		return err
	}
	if r.State() == Reserved {
		err = d.move(r.Lines(), Stock.Reserve)
	}
	if err != nil {
		return err
	}
	d.keep(r)
	d.publish(r.Event())
	return nil
}

// confirmed takes the stock. An order without a reservation was not placed yet as far
// as inventory knows: when it is, StockReserved makes order republish OrderConfirmed.
func (d *decider) confirmed(event InboundEvent, r Reservation, known bool) error {
	if !known {
		return nil
	}
	if r.State() == Reserved {
		var err error
		if r, err = r.Commit(d.now); err != nil {
			return err
		}
		if err := d.move(r.Lines(), Stock.Commit); err != nil {
			return err
		}
		d.record(event, r, Sale)
		d.keep(r)
	}
	d.publish(r.Event())
	return nil
}

func (d *decider) cancelled(event InboundEvent, r Reservation, known bool) error {
	var err error
	switch {
	case !known:
		r = NewTombstone(event.orderID, d.now)
		d.keep(r)
	case r.State() == Reserved:
		r, err = d.released(r)
	case r.State() == Committed:
		r, err = d.restocked(event, r)
	}
	if err != nil {
		return err
	}
	d.publish(r.releasedEvent())
	return nil
}

// released gives up what was held for an order that was not paid.
func (d *decider) released(r Reservation) (Reservation, error) {
	r, err := r.Release(d.now)
	if err != nil {
		return r, err
	}
	if err := d.move(r.Lines(), Stock.Release); err != nil {
		return r, err
	}
	d.keep(r)
	return r, nil
}

// restocked gives back what a confirmed order had taken.
func (d *decider) restocked(event InboundEvent, r Reservation) (Reservation, error) {
	r, err := r.Restock(d.now)
	if err != nil {
		return r, err
	}
	if err := d.move(r.Lines(), Stock.Restock); err != nil {
		return r, err
	}
	d.record(event, r, Restock)
	d.keep(r)
	return r, nil
}

func (d *decider) reservation(orderID uuid.UUID) (Reservation, bool) {
	if r, ok := d.reservations[orderID]; ok {
		return r, true
	}
	r, ok := d.loaded.Reservations[orderID]
	return r, ok
}

func (d *decider) keep(r Reservation) { d.reservations[r.OrderID()] = r }

func (d *decider) stockOf(productID uuid.UUID) (Stock, bool) {
	if s, ok := d.stock[productID]; ok {
		return s, true
	}
	s, ok := d.loaded.Stock[productID]
	return s, ok
}

func (d *decider) shortages(lines []Line) []Shortage {
	var short []Shortage
	for _, line := range lines {
		s, _ := d.stockOf(line.ProductID)
		if s.Available() >= line.Quantity {
			continue
		}
		short = append(short, Shortage{
			ProductID: line.ProductID, ProductCode: line.ProductCode,
			Requested: line.Quantity, Available: s.Available(),
		})
	}
	return short
}

// move makes the same move with the stock of every line.
func (d *decider) move(lines []Line, move func(s Stock, quantity int64) (Stock, error)) error {
	for _, line := range lines {
		s, ok := d.stockOf(line.ProductID)
		if !ok {
			return fmt.Errorf("product %s is reserved and has no stock", line.ProductID)
		}
		next, err := move(s, line.Quantity)
		if err != nil {
			return err
		}
		d.stock[line.ProductID] = next
	}
	return nil
}

// record writes the ledger after the stock of r's lines was moved.
func (d *decider) record(event InboundEvent, r Reservation, kind MovementKind) {
	sign := int64(1)
	if kind == Sale {
		sign = -1
	}
	cause := Cause{Time: d.now, Actor: OrderActor, TraceID: event.traceID()}
	for _, line := range r.Lines() {
		m := d.stock[line.ProductID].movement(kind, sign*line.Quantity, cause)
		m.OrderID = r.OrderID()
		d.movements = append(d.movements, m)
	}
}

func (d *decider) publish(e Event) {
	key := eventKey{e.OrderID, e.Kind, e.Version}
	if _, again := d.published[key]; again {
		return
	}
	d.published[key] = struct{}{}
	e.Traceparent = d.traceparent
	d.events = append(d.events, e)
}

func (d *decider) decision() Decision {
	out := Decision{Movements: d.movements, Events: d.events}
	for _, id := range sorted(d.stock) {
		before, after := d.loaded.Stock[id], d.stock[id]
		if before.sameLevel(after) {
			continue
		}
		out.Stock = append(out.Stock, StockChange{Before: before, After: after.changed(d.now)})
	}
	for _, id := range sorted(d.reservations) {
		if _, known := d.loaded.Reservations[id]; known {
			out.Changed = append(out.Changed, d.reservations[id])
		} else {
			out.New = append(out.New, d.reservations[id])
		}
	}
	return out
}

func sorted[V any](m map[uuid.UUID]V) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(m), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Levels is how a batch's new levels are published: Now with its events, the
// products that ran out or came back; Soon, by id, those of which few are left, or
// were; Later those of which there is plenty.
type Levels struct {
	Now         []Stock
	Soon, Later []uuid.UUID
}

// Levels parts the levels that the decision changed.
func (d Decision) Levels() Levels {
	var levels Levels
	for _, change := range d.Stock {
		switch {
		case change.Before.Crosses(change.After):
			levels.Now = append(levels.Now, change.After)
		case change.After.Plenty() && change.Before.Plenty():
			levels.Later = append(levels.Later, change.After.ProductID())
		default:
			levels.Soon = append(levels.Soon, change.After.ProductID())
		}
	}
	return levels
}
