package domain

import (
	"time"

	"github.com/google/uuid"
)

// expiryGrace is how long order has, past an order's expiry, to end it by itself. It
// is longer than a batch may take to commit what it decided, so that no
// reservation appears behind the mark of a pass.
const expiryGrace = time.Minute

// Expired is a reservation that is still held though its order should have ended.
type Expired struct {
	OrderID    uuid.UUID
	Version    int64
	ExpireTime time.Time
	// MadeTime is when it was reserved.
	MadeTime time.Time
}

// ExpiredUntil is the latest expiry of the reservations that a pass republishes now.
func ExpiredUntil(now time.Time) time.Time { return now.Add(-expiryGrace) }

// NextMark returns the expiry from which the next pass looks, after one that went up to
// until and found these reservations, oldest first. What expired before the first of
// them is held no more.
func NextMark(until time.Time, found []Expired) time.Time {
	if len(found) > 0 {
		return found[0].ExpireTime
	}
	return until
}

// Event is StockReserved once more: order answers with what became of the order.
// Nothing is released here: order alone decides that an order ended.
func (e Expired) Event() Event {
	return Event{Kind: StockReserved, OrderID: e.OrderID, Version: e.Version, Time: e.MadeTime}
}
