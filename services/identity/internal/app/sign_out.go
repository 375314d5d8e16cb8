package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// SignOut ends the session of a refresh token, also of one that has a successor. A token
// that is none, or of a session that is over, changes nothing.
func (a *Accounts) SignOut(ctx context.Context, refreshToken string) error {
	id, _, ok := a.readRefresh(refreshToken)
	if !ok {
		return nil
	}
	_, err := a.endSession(ctx, id, uuid.Nil)
	return err
}

// RevokeSession ends a session of the caller's account. Errors: SESSION_NOT_FOUND.
func (a *Accounts) RevokeSession(ctx context.Context, id uuid.UUID) error {
	account, _, err := caller(ctx)
	if err != nil {
		return err
	}
	found, err := a.endSession(ctx, id, account)
	if err == nil && !found {
		return domain.ErrSessionNotFound(id)
	}
	return err
}

// endSession ends a session, of one account when owner is not uuid.Nil, and reports
// whether there was such a session.
func (a *Accounts) endSession(ctx context.Context, id, owner uuid.UUID) (found bool, err error) {
	err = a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := a.on(tx)
		session, ok, err := st.Session(ctx, id)
		if found = ok && (owner == uuid.Nil || owner == session.AccountID); err != nil || !found {
			return err
		}
		account, err := st.LockAccount(ctx, session.AccountID)
		if err != nil {
			return err
		}
		if session, _, err = st.LockSession(ctx, id); err != nil || !session.EndTime.IsZero() {
			return err
		}
		now := a.Now()
		session.EndTime = now
		if err := st.UpdateSession(ctx, session); err != nil {
			return err
		}
		return a.save(ctx, tx, account.Revoke(now))
	})
	return found, err
}
