package domain

import (
	"time"

	"github.com/google/uuid"
)

// askGrace is how long order has, past an order's expiry, to end it by itself. It
// is longer than a batch may take to commit what it decided, so that no
// reservation appears behind the mark of a pass.
const askGrace = time.Minute

// Expired is a reservation that is still held though its order should have ended.
type Expired struct {
	OrderID    uuid.UUID
	Version    int64
	ExpireTime time.Time
	// MadeTime is when it was reserved.
	MadeTime time.Time
}

// AskUntil is up to which expiry a pass asks now.
func AskUntil(now time.Time) time.Time { return now.Add(-askGrace) }

// Settled is where the next pass begins after one that asked until a time and found
// these, oldest first: everything before the first that is still held is settled
// for good.
func Settled(until time.Time, found []Expired) time.Time {
	if len(found) > 0 {
		return found[0].ExpireTime
	}
	return until
}

// Question is StockReserved said again: order answers with what became of it.
// Nothing is released here: order alone decides that an order ended.
func (e Expired) Question() Outcome {
	return Outcome{Kind: SaidReserved, OrderID: e.OrderID, Version: e.Version, Time: e.MadeTime}
}
