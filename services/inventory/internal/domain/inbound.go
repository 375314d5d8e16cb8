package domain

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
)

// InboundKind is what happened to an order.
type InboundKind int

// The kinds of order events that move stock.
const (
	Placed InboundKind = iota + 1
	Confirmed
	Cancelled
)

// InboundEvent is an event of an order, as far as stock is concerned. NewPlaced,
// NewConfirmed and NewCancelled make it.
type InboundEvent struct {
	kind       InboundKind
	orderID    uuid.UUID
	lines      []Line
	expireTime time.Time
	// traceparent is the trace of the order's event; may be empty.
	traceparent string
}

// NewPlaced is the event of an order whose lines are to be reserved, all or none.
// Lines of one product become one.
// It refuses an order without an id, lines, or a positive quantity in each.
func NewPlaced(orderID uuid.UUID, lines []Line, expireTime time.Time, traceparent string) (InboundEvent, error) {
	if orderID == uuid.Nil {
		return InboundEvent{}, errors.New("the placed order has no id")
	}
	if len(lines) == 0 {
		return InboundEvent{}, fmt.Errorf("order %s has no lines", orderID)
	}
	merged := make([]Line, 0, len(lines))
	for i, line := range lines {
		if line.ProductID == uuid.Nil || line.Quantity < 1 {
			return InboundEvent{}, fmt.Errorf("line %d of order %s: product %s, quantity %d", i, orderID, line.ProductID, line.Quantity)
		}
		at := slices.IndexFunc(merged, func(m Line) bool { return m.ProductID == line.ProductID })
		if at < 0 {
			merged = append(merged, line)
			continue
		}
		merged[at].Quantity += line.Quantity
	}
	for _, line := range merged {
		if line.Quantity > math.MaxInt32 {
			return InboundEvent{}, fmt.Errorf("order %s wants %d of product %s", orderID, line.Quantity, line.ProductID)
		}
	}
	slices.SortFunc(merged, func(a, b Line) int { return bytes.Compare(a.ProductID[:], b.ProductID[:]) })
	return InboundEvent{kind: Placed, orderID: orderID, lines: merged, expireTime: expireTime, traceparent: traceparent}, nil
}

// NewConfirmed is the event of an order that was paid.
func NewConfirmed(orderID uuid.UUID, traceparent string) (InboundEvent, error) {
	if orderID == uuid.Nil {
		return InboundEvent{}, errors.New("the confirmed order has no id")
	}
	return InboundEvent{kind: Confirmed, orderID: orderID, traceparent: traceparent}, nil
}

// NewCancelled is the event of an order that was cancelled.
func NewCancelled(orderID uuid.UUID, traceparent string) (InboundEvent, error) {
	if orderID == uuid.Nil {
		return InboundEvent{}, errors.New("the cancelled order has no id")
	}
	return InboundEvent{kind: Cancelled, orderID: orderID, traceparent: traceparent}, nil
}

// traceID is the second field of the traceparent; empty where there is none.
func (e InboundEvent) traceID() string {
	const length, from, to = 55, 3, 35 // https://www.w3.org/TR/trace-context/#traceparent-header
	if len(e.traceparent) != length {
		return ""
	}
	return e.traceparent[from:to]
}

// OrderID is the order.
func (e InboundEvent) OrderID() uuid.UUID { return e.orderID }

// Lines are what a placed order wants, each product once, by id; none otherwise.
func (e InboundEvent) Lines() []Line { return e.lines }
