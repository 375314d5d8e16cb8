package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// OrderDetails is an order as its reader may see it.
type OrderDetails struct {
	Order   *domain.Order
	History []domain.Entry
	// Action is what the reader has to do; the zero NextAction when that is nothing.
	Action NextAction
}

// Details reads an order with its history, and what its customer, when it is they who read it,
// have to do. Errors: ORDER_NOT_FOUND.
func (s *Orders) Details(ctx context.Context, id uuid.UUID) (OrderDetails, error) {
	order, history, err := s.Get(ctx, id)
	if err != nil {
		return OrderDetails{}, err
	}
	return OrderDetails{Order: order, History: history, Action: s.nextAction(ctx, order)}, nil
}

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
