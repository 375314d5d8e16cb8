package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// Watch sends every entry of an order's history after a version: those of the past
// first, then each as it comes. It returns after the last that an order can have.
// Errors: ORDER_NOT_FOUND; those of send and of ctx.
func (s *Orders) Watch(ctx context.Context, id uuid.UUID, after int64, send func(domain.Entry) error) error {
	_, history, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	final := false
	for _, entry := range history {
		final = final || entry.State.Final()
		if entry.Version > after {
			if err := send(entry); err != nil {
				return err
			}
			after = entry.Version
		}
	}
	if final {
		return nil
	}
	return s.Tail.follow(ctx, id, after, send)
}
