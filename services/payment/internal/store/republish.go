package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/payment/internal/store/db"
)

// NewestRepublished is when a refund last succeeded or a dispute last changed; the
// epoch when neither ever did.
func (s Store) NewestRepublished(ctx context.Context) (time.Time, error) {
	newest, err := s.q.RepublishNewest(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("look for the newest refund or dispute: %w", err)
	}
	return newest, nil
}

// PaymentsChangedSince returns the next payments, by id after the one given, with a
// refund that succeeded or a dispute that changed at a time or after it; a batch of
// the republisher's at most.
func (s Store) PaymentsChangedSince(ctx context.Context, since time.Time, after uuid.UUID) ([]uuid.UUID, error) {
	payments, err := s.q.RepublishPaymentsSince(ctx, db.RepublishPaymentsSinceParams{Since: since, AfterPaymentID: after})
	if err != nil {
		return nil, fmt.Errorf("list payments with refunds or disputes: %w", err)
	}
	return payments, nil
}
