package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// endSession ends a session, of one account when owner is not uuid.Nil, and reports
// whether there was such a session.
func (a *Accounts) endSession(ctx context.Context, id, owner uuid.UUID) (found bool, err error) {
	err = a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := a.on(tx)
		session, ok, err := st.Session(ctx, id)
		if err != nil {
			return err
		}
		if found = ok && (owner == uuid.Nil || owner == session.Snapshot().AccountID); !found {
			activity.Unchanged(ctx)
			return nil
		}
		account, err := st.LockAccount(ctx, session.Snapshot().AccountID)
		if fault.ReasonOf(err) == domain.ReasonAccountNotFound {
			found = false // erased since
			activity.Unchanged(ctx)
			return nil
		}
		if err != nil {
			return err
		}
		if session, _, err = st.LockSession(ctx, id); err != nil {
			return err
		}
		if !session.Snapshot().EndTime.IsZero() {
			activity.Unchanged(ctx)
			return nil
		}
		record(ctx, account.Snapshot(), account.Snapshot())
		now := a.Now()
		if err := st.UpdateSession(ctx, session.End(now)); err != nil {
			return err
		}
		return a.save(ctx, tx, account.Revoke(now))
	})
	return found, err
}
