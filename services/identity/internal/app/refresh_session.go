package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// RefreshSession gives a session another access token, and its refresh token a
// successor. Errors: TOKEN_EXPIRED, TOKEN_REUSED.
func (a *Accounts) RefreshSession(ctx context.Context, refreshToken string) (Session, error) {
	id, number, ok := a.readRefresh(refreshToken)
	if !ok {
		return Session{}, domain.ErrTokenExpired()
	}
	set := a.Settings()
	var account domain.Account
	var session domain.Session
	var outcome domain.Refreshed
	err := a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := a.on(tx)
		found, ok, err := st.Session(ctx, id)
		if err != nil || !ok {
			outcome = domain.Over
			activity.Unchanged(ctx)
			return err
		}
		// The account first, as everywhere.
		if account, err = st.LockAccount(ctx, found.Snapshot().AccountID); err != nil {
			return orGone(err, domain.ErrTokenExpired())
		}
		if found, _, err = st.LockSession(ctx, id); err != nil {
			return err
		}
		session, outcome = found.Refresh(number, set.SessionLife(account.Snapshot().Kind), a.Now())
		if account.Snapshot().Disabled {
			outcome = domain.Over
		}
		return a.refreshed(ctx, tx, account, session, outcome)
	})
	switch {
	case err != nil:
		return Session{}, err
	case outcome == domain.Over:
		return Session{}, domain.ErrTokenExpired()
	case outcome == domain.Reused:
		return Session{}, domain.ErrTokenReused()
	}
	return a.issue(account.Snapshot(), session, set)
}

// refreshed stores what became of a session. One that is reused ends with its access
// tokens, its owner is mailed, and the activity log has it; that a session goes on is no entry.
func (a *Accounts) refreshed(ctx context.Context, tx *pg.Tx, account domain.Account, session domain.Session, outcome domain.Refreshed) error {
	switch outcome {
	case domain.Advanced:
		activity.Unchanged(ctx)
		return a.on(tx).UpdateSession(ctx, session)
	case domain.Reused:
		if err := a.on(tx).UpdateSession(ctx, session); err != nil {
			return err
		}
		if err := a.save(ctx, tx, account.Revoke(a.Now())); err != nil {
			return err
		}
		record(ctx, account.Snapshot(), account.Snapshot())
		return a.notify(ctx, tx, domain.NoticeTokenReused, account.Snapshot())
	default:
		activity.Unchanged(ctx)
		return nil
	}
}

func (a *Accounts) readRefresh(text string) (session uuid.UUID, number int64, ok bool) {
	kind, payload, err := token.Parse(text)
	if err != nil || kind != token.Refresh {
		return uuid.Nil, 0, false
	}
	return a.RefreshSecret.Read(payload)
}
