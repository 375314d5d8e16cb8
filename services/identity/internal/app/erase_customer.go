package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// Erase deletes the accounts of customers with all that belongs to them, ends their tokens,
// and has no account made for these customers any more; in the activity log it leaves ids
// alone. Of guests it deletes what they requested. It is idempotent: what is gone stays gone.
func (a *Accounts) Erase(ctx context.Context, tx *pg.Tx, e domain.Erasure) error {
	st, now := a.on(tx), a.Now()
	if err := st.BeginErasure(ctx, e.Customers, now); err != nil {
		return err
	}
	accounts, err := st.LockAccountsOf(ctx, e.Customers)
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(accounts))
	for i, account := range accounts {
		ids[i] = account.Snapshot().ID
		if err := st.DeleteAccount(ctx, account.Snapshot()); err != nil {
			return err
		}
		if err := a.publish(ctx, tx, a.Publish.Changed(account.Erase(now).Snapshot())); err != nil {
			return err
		}
	}
	if err := st.DeleteLinksOf(ctx, e.Accounts); err != nil {
		return err
	}
	if err := st.EraseActivities(ctx, e.Customers, ids); err != nil {
		return err
	}
	for _, guest := range e.Guests {
		if err := st.DeleteRequestsOf(ctx, guest); err != nil {
			return err
		}
	}
	return nil
}
