package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// Erase forgets whose payments and refunds were those of people, known by customer id
// or guest key, and blanks what was typed about them. It returns the refunds.
func (s Store) Erase(ctx context.Context, people []uuid.UUID) ([]uuid.UUID, error) {
	if _, err := s.q.PaymentErase(ctx, people); err != nil {
		return nil, fmt.Errorf("erase %d people's payments: %w", len(people), err)
	}
	refunds, err := s.q.RefundErase(ctx, people)
	if err != nil {
		return nil, fmt.Errorf("erase %d people's refunds: %w", len(people), err)
	}
	return refunds, nil
}
