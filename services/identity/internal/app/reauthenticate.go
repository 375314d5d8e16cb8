package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// Reauthenticate gives the caller's session an access token with the time of this proof of
// who calls. Errors: CREDENTIALS_INVALID, TOKEN_EXPIRED, RATE_LIMITED.
func (a *Accounts) Reauthenticate(ctx context.Context, password, code string, client Client) (Session, error) {
	who, current, err := a.proveSelf(ctx, password, code, client)
	if err != nil {
		return Session{}, err
	}
	set := a.Settings()
	var account domain.AccountSnapshot
	var session domain.Session
	err = a.complete(ctx, who, func(ctx context.Context, tx *pg.Tx, signedIn domain.Account, methods []string) error {
		account = signedIn.Snapshot()
		found, ok, err := a.on(tx).LockSession(ctx, current)
		if err != nil {
			return err
		}
		now := a.Now()
		if !ok || found.Snapshot().AccountID != account.ID || found.Ended(set.SessionLife(account.Kind), now) {
			return domain.ErrTokenExpired()
		}
		session = found.Proved(methods, now)
		return a.on(tx).UpdateSession(ctx, session)
	})
	if err != nil {
		return Session{}, err
	}
	issued, err := a.issue(account, session, set)
	issued.RefreshToken = "" // it stays the one that the caller has
	return issued, err
}
