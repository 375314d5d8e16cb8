package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// EraseCustomers forgets whose payments those of erased people were, and blanks the
// reasons of refunds that somebody typed about them. People are known by customer id
// or guest key. It is idempotent: what is blank stays blank.
func (p Payments) EraseCustomers(ctx context.Context, tx *pg.Tx, people []uuid.UUID) error {
	_, err := store.On(tx).Erase(ctx, people)
	return err
}
