package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// Keep stores entries of all contexts. Entries by and about people who were erased are
// stored with ids alone: an entry can arrive after the erasure. It is idempotent: an entry
// that is stored stays as it is.
func (a Activities) Keep(ctx context.Context, tx *pg.Tx, entries []domain.Activity) error {
	st := store.On(tx)
	// An erasure waits for this transaction, and finds what it stores.
	if err := st.AwaitErasures(ctx); err != nil {
		return err
	}
	var customers, accounts []uuid.UUID
	for _, entry := range entries {
		if id := entry.Customer(); id != uuid.Nil {
			customers = append(customers, id)
		}
		if id := entry.Account(); id != uuid.Nil {
			accounts = append(accounts, id)
		}
	}
	// Accounts are deleted by erasures alone, and an entry about one comes after it was made.
	erased, err := st.ErasedAmong(ctx, customers, accounts)
	if err != nil {
		return err
	}
	kept := make([]domain.Activity, len(entries))
	for i, entry := range entries {
		if kept[i] = entry; erased[entry.Customer()] || erased[entry.Account()] {
			kept[i] = entry.IDsAlone()
		}
	}
	return st.InsertActivities(ctx, kept)
}
