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

// OrderEventKind is what happened to an order.
type OrderEventKind int

// The kinds of order events that move stock.
const (
	Placed OrderEventKind = iota + 1
	Confirmed
	Cancelled
)

// OrderEvent is what inventory hears of an order. Make it with NewPlaced,
// NewConfirmed or NewCancelled.
type OrderEvent struct {
	kind       OrderEventKind
	orderID    uuid.UUID
	lines      []Line
	expireTime time.Time
	traceID    string
}

// NewPlaced asks to reserve all lines or none. Lines of one product become one.
// It refuses an order without an id, lines, or a positive quantity in each.
func NewPlaced(orderID uuid.UUID, lines []Line, expireTime time.Time, traceID string) (OrderEvent, error) {
	if orderID == uuid.Nil {
		return OrderEvent{}, errors.New("the placed order has no id")
	}
	if len(lines) == 0 {
		return OrderEvent{}, fmt.Errorf("order %s has no lines", orderID)
	}
	merged := make([]Line, 0, len(lines))
	for i, line := range lines {
		if line.ProductID == uuid.Nil || line.Quantity < 1 {
			return OrderEvent{}, fmt.Errorf("line %d of order %s: product %s, quantity %d", i, orderID, line.ProductID, line.Quantity)
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
			return OrderEvent{}, fmt.Errorf("order %s wants %d of product %s", orderID, line.Quantity, line.ProductID)
		}
	}
	slices.SortFunc(merged, func(a, b Line) int { return bytes.Compare(a.ProductID[:], b.ProductID[:]) })
	return OrderEvent{kind: Placed, orderID: orderID, lines: merged, expireTime: expireTime, traceID: traceID}, nil
}

// NewConfirmed tells that the order is paid.
func NewConfirmed(orderID uuid.UUID, traceID string) (OrderEvent, error) {
	if orderID == uuid.Nil {
		return OrderEvent{}, errors.New("the confirmed order has no id")
	}
	return OrderEvent{kind: Confirmed, orderID: orderID, traceID: traceID}, nil
}

// NewCancelled tells that the order ended.
func NewCancelled(orderID uuid.UUID, traceID string) (OrderEvent, error) {
	if orderID == uuid.Nil {
		return OrderEvent{}, errors.New("the cancelled order has no id")
	}
	return OrderEvent{kind: Cancelled, orderID: orderID, traceID: traceID}, nil
}

// OrderID is the order.
func (e OrderEvent) OrderID() uuid.UUID { return e.orderID }

// Lines are what a placed order wants, each product once, by id; none otherwise.
func (e OrderEvent) Lines() []Line { return e.lines }
