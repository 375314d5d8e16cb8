package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// Disputes reads the disputes of payments, oldest first.
func (s Store) Disputes(ctx context.Context, payments ...uuid.UUID) (map[uuid.UUID][]domain.Dispute, error) {
	if len(payments) == 0 {
		return nil, nil
	}
	rows, err := s.q.DisputeListByPayments(ctx, payments)
	if err != nil {
		return nil, fmt.Errorf("read disputes of %d payments: %w", len(payments), err)
	}
	disputes := make(map[uuid.UUID][]domain.Dispute)
	for _, row := range rows {
		disputes[row.PaymentID] = append(disputes[row.PaymentID], fromDBDispute(row))
	}
	return disputes, nil
}

// UnansweredDisputes counts the disputes that wait for the shop's answer at the
// provider, and returns when the oldest was opened.
func (s Store) UnansweredDisputes(ctx context.Context) (count int64, oldest time.Time, err error) {
	row, err := s.q.DisputeCountOpen(ctx)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("count open disputes: %w", err)
	}
	return row.Count, row.Oldest, nil
}
