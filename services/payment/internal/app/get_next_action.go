package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// GetNextAction reads what the customer has to do for a payment, for order, which decides who
// may see it. Errors: PAYMENT_NOT_FOUND, UNAVAILABLE when the provider does not answer.
func (p Payments) GetNextAction(ctx context.Context, id uuid.UUID) (provider.Action, error) {
	payment, err := store.On(p.Pool).Get(ctx, id)
	if err != nil {
		return provider.Action{}, err
	}
	return p.nextAction(ctx, payment)
}
