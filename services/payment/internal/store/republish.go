package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/store/db"
)

// NewestRefund is when money was last given back; the epoch when it never was.
func NewestRefund(ctx context.Context, pool *pg.Pool) (time.Time, error) {
	newest, err := db.New(pool).RefundNewestSuccess(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("look for the newest refund: %w", err)
	}
	return newest, nil
}

// RefundedSince returns the next payments, by id after the one given, of which money
// was given back at a time or after it, outbox.RepublishRows at most.
func RefundedSince(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) ([]uuid.UUID, error) {
	payments, err := db.New(tx).RefundPaymentsSince(ctx, db.RefundPaymentsSinceParams{Since: since, AfterPaymentID: after})
	if err != nil {
		return nil, fmt.Errorf("list refunded payments: %w", err)
	}
	return payments, nil
}
