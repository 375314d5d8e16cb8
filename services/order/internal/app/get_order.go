package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Get reads an order with its history. One that is not the caller's answers as one that is not
// there, after the same statement: lines and history are read once it is known whose the order
// is. Errors: ORDER_NOT_FOUND.
func (s *Orders) Get(ctx context.Context, id uuid.UUID) (*domain.Order, []domain.Entry, error) {
	st := store.On(s.Pool)
	found, err := st.Orders(ctx, []uuid.UUID{id})
	if err != nil {
		return nil, nil, err
	}
	if err := s.readable(ctx, id, found[id]); err != nil {
		return nil, nil, err
	}
	order, history, err := st.GetOrder(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	return order, history, s.readable(ctx, id, order) // somebody may have claimed it meanwhile
}
