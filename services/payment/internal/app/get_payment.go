package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// GetPayment reads one; PAYMENT_NOT_FOUND.
func (p Payments) GetPayment(ctx context.Context, id uuid.UUID) (PaymentDetails, error) {
	s := store.On(p.Pool)
	payment, err := s.Get(ctx, id)
	if err != nil {
		return PaymentDetails{}, err
	}
	attempts, err := s.Attempts(ctx, id)
	if err != nil {
		return PaymentDetails{}, err
	}
	disputes, err := s.Disputes(ctx, id)
	return PaymentDetails{Payment: payment, Attempts: attempts[id], Disputes: disputes[id]}, err
}
