package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// GetSelf returns the caller's account. Errors: ACCOUNT_NOT_FOUND.
func (a *Accounts) GetSelf(ctx context.Context) (domain.AccountSnapshot, error) {
	id, _, err := caller(ctx)
	if err != nil {
		return domain.AccountSnapshot{}, err
	}
	account, err := a.on(a.Pool).Account(ctx, id)
	return account.Snapshot(), err
}

// ListSessions returns the sessions of the caller's account that last, and which of them
// calls.
func (a *Accounts) ListSessions(ctx context.Context) (sessions []domain.Session, life domain.SessionLife, current uuid.UUID, err error) {
	id, current, err := caller(ctx)
	if err != nil {
		return nil, life, current, err
	}
	account, err := a.on(a.Pool).Account(ctx, id)
	if err != nil {
		return nil, life, current, err
	}
	life = domain.SessionLifeOf(account.Snapshot().Kind)
	open, err := a.on(a.Pool).OpenSessions(ctx, id)
	now := a.Now()
	for _, session := range open {
		if !session.Ended(life, now) {
			sessions = append(sessions, session)
		}
	}
	return sessions, life, current, err
}

// proveSelf is prove for the caller's own account.
func (a *Accounts) proveSelf(ctx context.Context, password, code string, client Client) (proved, uuid.UUID, error) {
	id, session, err := caller(ctx)
	if err != nil {
		return proved{}, session, err
	}
	account, err := a.on(a.Pool).Account(ctx, id)
	if err != nil {
		return proved{}, session, err
	}
	s := account.Snapshot()
	who, err := a.prove(ctx, proof{kind: s.Kind, email: s.Email, password: password, code: code, place: client.Place})
	return who, session, err
}

// Reauthenticate gives the caller's session an access token that says when it was proved
// again who calls. Errors: CREDENTIALS_INVALID, TOKEN_EXPIRED, RATE_LIMITED.
func (a *Accounts) Reauthenticate(ctx context.Context, password, code string, client Client) (Session, error) {
	who, current, err := a.proveSelf(ctx, password, code, client)
	if err != nil {
		return Session{}, err
	}
	var account domain.AccountSnapshot
	var session domain.Session
	err = a.settle(ctx, who, func(ctx context.Context, tx *pg.Tx, signedIn domain.Account, methods []string) error {
		account = signedIn.Snapshot()
		found, ok, err := a.on(tx).LockSession(ctx, current)
		if err != nil {
			return err
		}
		now := a.Now()
		if !ok || found.AccountID != account.ID || found.Ended(domain.SessionLifeOf(account.Kind), now) {
			return domain.ErrTokenExpired()
		}
		session = found
		session.AuthTime, session.Methods = now, methods
		return a.on(tx).UpdateSession(ctx, session)
	})
	if err != nil {
		return Session{}, err
	}
	issued, err := a.issue(account, session)
	issued.RefreshToken = "" // it stays the one that the caller has
	return issued, err
}

// ChangePassword sets another password, and ends all other sessions. Errors:
// CREDENTIALS_INVALID, TOKEN_EXPIRED, PASSWORD_WEAK, RATE_LIMITED.
func (a *Accounts) ChangePassword(ctx context.Context, password, code, newPassword string, client Client) error {
	who, current, err := a.proveSelf(ctx, password, code, client)
	if err != nil {
		return err
	}
	hash, err := a.newPassword(ctx, who.kind, newPassword, who.email, client)
	if err != nil {
		return err
	}
	return a.settle(ctx, who, func(ctx context.Context, tx *pg.Tx, account domain.Account, _ []string) error {
		return a.setPassword(ctx, tx, account, hash, current, who.subject)
	})
}
