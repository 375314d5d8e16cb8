package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// Watch sends every entry of an order's history after a version: those of the past
// first, then each as it comes. It returns after the last that an order can have.
// Errors: ORDER_NOT_FOUND, also once a guest's token opens the order no more; those of send
// and of ctx.
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
	if authz.Caller(ctx).GuestOrder == nil {
		return s.Tail.follow(ctx, id, after, send)
	}
	// The token ends with a claim or an erasure, of which nobody but order knows.
	return s.Tail.follow(ctx, id, after, func(entry domain.Entry) error {
		if _, _, err := s.Get(ctx, id); err != nil {
			return err
		}
		return send(entry)
	})
}
