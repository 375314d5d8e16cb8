package store

import (
	"context"
	"fmt"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/store/db"
)

// Parked is something that a provider said and that contradicts a payment.
type Parked struct {
	// Group is the consumer group whose letters it joins.
	Group string
	// Number identifies it within the group.
	Number  int64
	EventID string
	Type    string
	Cause   string
}

// Park keeps it as a dead letter without a key, so that nothing waits behind it. It
// reports whether it was not there before.
func Park(ctx context.Context, pool *pg.Pool, p Parked) (fresh bool, err error) {
	rows, err := db.New(pool).DeadLetterPark(ctx, db.DeadLetterParkParams{
		ConsumerGroup: p.Group, Number: p.Number, EventID: p.EventID, EventType: p.Type, Cause: p.Cause,
	})
	if err != nil {
		return false, fmt.Errorf("park %s: %w", p.EventID, err)
	}
	return rows == 1, nil
}
