package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// ResolveContradiction notes that somebody looked into a contradiction, and logs it;
// INVALID_FIELD, CONTRADICTION_NOT_FOUND. The first resolution stays.
func (p Payments) ResolveContradiction(ctx context.Context, id uuid.UUID, resolver, note string) (domain.Contradiction, error) {
	var c domain.Contradiction
	if err := domain.CheckNote(note); err != nil {
		return c, err
	}
	now := p.Now()
	err := p.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) (err error) {
		c, err = store.On(tx).ResolveContradiction(ctx, id, resolver, note, now)
		if c.ResolveTime.Equal(now) {
			activity.Changed(ctx, "contradictions/"+id.String(), nil, nil)
		} else {
			activity.Unchanged(ctx)
		}
		return err
	})
	if err != nil {
		return c, err
	}
	p.Log.InfoContext(ctx, "a contradiction is resolved", "contradiction", c.ID, "event", c.EventID, "payment", c.PaymentID, "resolver", c.Resolver)
	return c, nil
}
