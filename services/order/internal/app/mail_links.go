package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// RunLinks decides about the links that people requested, until ctx ends.
func (s *Orders) RunLinks(ctx context.Context) error { return s.links.run(ctx) }

// MailLinks decides about all requests that there are. Replicas share them.
func (s *Orders) MailLinks(ctx context.Context) error { return s.links.empty(ctx) }

// mailNextLink decides about the oldest request, and reports whether there was one.
func (s *Orders) mailNextLink(ctx context.Context) (more bool, err error) {
	err = s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := store.On(tx)
		request, found, err := st.TakeLinkRequest(ctx)
		if more = found; err != nil || !found {
			return err
		}
		order, err := st.LockOrderByNumber(ctx, request.Number)
		if err != nil || order == nil {
			return err
		}
		at := domain.Cause{
			Time: s.Now(), Actor: authz.Guest.String(), Traceparent: request.Traceparent, TraceID: trace.ID(request.Traceparent),
		}
		decision := order.MailLink(s.NewID(), request.Email, s.Settings.Now().Retry, at)
		return s.save(ctx, tx, []domain.Decided{{Order: order, Decision: decision}})
	})
	return more, err
}
