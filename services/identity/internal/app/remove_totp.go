package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/pg"
)

// RemoveTotp takes the second factor off the caller's account, with its recovery codes, and ends
// all other sessions. An account without one stays as it is. Errors: ACCOUNT_NOT_FOUND.
func (a *Accounts) RemoveTotp(ctx context.Context) error {
	id, session, err := caller(ctx)
	if err != nil {
		return err
	}
	return a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := a.on(tx)
		account, err := st.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		before := account.Snapshot()
		if !before.Totp.Confirmed {
			activity.Unchanged(ctx)
			return nil
		}
		if account, err = a.removeTotp(ctx, tx, account); err != nil {
			return err
		}
		record(ctx, before, account.Snapshot())
		if err := a.save(ctx, tx, account); err != nil {
			return err
		}
		return st.EndSessions(ctx, id, session, a.Now())
	})
}
