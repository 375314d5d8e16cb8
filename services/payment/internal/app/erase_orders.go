package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// EraseOrders forgets whose payments those of erased orders were, and blanks what
// somebody typed about them: the reasons of refunds and the notes of contradictions,
// also of those that come afterwards. It is idempotent: what is blank stays blank.
func (p Payments) EraseOrders(ctx context.Context, tx *pg.Tx, orders []uuid.UUID) error {
	return store.On(tx).Erase(ctx, orders)
}
