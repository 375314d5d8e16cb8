package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// Renew makes every token that was issued before useless, for a database that was restored
// from a backup: what was revoked after the backup would be good again. The next start
// makes a new key.
func Renew(ctx context.Context, pool *pg.Pool) error {
	return pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := store.On(tx)
		if migrated, err := st.IsMigrated(ctx); err != nil || !migrated {
			return err
		}
		if err := st.DeleteAllSigningKeys(ctx); err != nil {
			return err
		}
		if has, err := st.HasAccounts(ctx); err != nil || !has {
			return err // a backup from before there were accounts
		}
		return st.EndAllSessions(ctx)
	})
}
