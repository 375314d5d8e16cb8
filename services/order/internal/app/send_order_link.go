package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// RequestLink stores that somebody requested the link of an order, by its number and an
// address. It writes one row, whoever has which order: MailLinks decides what follows.
// Errors: INVALID_FIELD.
func (s *Orders) RequestLink(ctx context.Context, number, email string) error {
	request, err := domain.NewLinkRequest(number, email, trace.FromContext(ctx), s.Now())
	if err != nil {
		return err
	}
	return s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		tx.OnCommit(s.links.wake)
		return store.On(tx).InsertLinkRequest(ctx, request)
	})
}
