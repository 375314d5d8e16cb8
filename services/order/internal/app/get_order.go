package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Get reads an order with its history. Errors: ORDER_NOT_FOUND, also for an order
// that is not the caller's.
func (s *Orders) Get(ctx context.Context, id uuid.UUID) (*domain.Order, []domain.Entry, error) {
	order, history, err := store.On(s.Pool).GetOrder(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	return order, history, s.readable(ctx, id, order)
}
