package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/store/db"
)

// RefundedAtOnce bounds the payments of RefundedSince; its statement says the same.
const RefundedAtOnce = 500

// NewestRefund is when money was last given back; the epoch when it never was.
func NewestRefund(ctx context.Context, pool *pg.Pool) (time.Time, error) {
	newest, err := db.New(pool).RefundNewestSuccess(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("look for the newest refund: %w", err)
	}
	return newest, nil
}

// RefundedSince returns the next payments, by id after the one given, of which money
// was given back at a time or after it: at most RefundedAtOnce, fewer when there are
// no more.
func RefundedSince(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) ([]uuid.UUID, error) {
	payments, err := db.New(tx).RefundPaymentsSince(ctx, db.RefundPaymentsSinceParams{Since: since, AfterPaymentID: after})
	if err != nil {
		return nil, fmt.Errorf("list refunded payments: %w", err)
	}
	return payments, nil
}

// WaitingEvents counts the events that wait to be published, up to limit.
func WaitingEvents(ctx context.Context, pool *pg.Pool, limit int32) (int64, error) {
	n, err := db.New(pool).OutboxWaiting(ctx, limit)
	if err != nil {
		return 0, fmt.Errorf("look into the outbox: %w", err)
	}
	return n, nil
}

// TakeAnnounceTurn queues that no other replica announces anew until the transaction
// ends.
func TakeAnnounceTurn(ctx context.Context, tx *pg.Tx, lock int64) error {
	return db.New(tx).OutboxAnnounceLock(ctx, lock)
}
