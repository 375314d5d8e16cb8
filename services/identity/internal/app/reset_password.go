package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// ResetPassword sets the password of the account that a mailed link is for. It ends all
// sessions, and lets its owner sign in from here whatever failed before. Errors:
// LINK_INVALID, PASSWORD_WEAK, RATE_LIMITED.
func (a *Accounts) ResetPassword(ctx context.Context, text, password string, client Client) error {
	link, err := a.readLink(ctx, text, domain.ResetPassword)
	if err != nil {
		return err
	}
	hash, err := a.newPassword(ctx, link.Kind, password, link.Email, client)
	if err != nil {
		return err
	}
	return a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := a.on(tx)
		account, err := st.LockAccount(ctx, link.AccountID)
		if err != nil {
			return err
		}
		if _, err := a.useLink(ctx, tx, link.ID, domain.ResetPassword); err != nil {
			return err
		}
		if s := account.Snapshot(); s.Disabled || !s.Email.Equal(link.Email) {
			return domain.ErrLinkInvalid() // the address became another one meanwhile
		}
		return a.setPassword(ctx, tx, account, hash, uuid.Nil, domain.SubjectOf(link.Kind, link.Email, client.Place))
	})
}

// setPassword ends all sessions but one, the links that could set a password, and what
// failed before.
func (a *Accounts) setPassword(ctx context.Context, tx *pg.Tx, account domain.Account, hash string, but uuid.UUID, subject domain.SignInSubject) error {
	now, st := a.Now(), a.on(tx)
	account = account.SetPassword(hash, now)
	if err := a.save(ctx, tx, account); err != nil {
		return err
	}
	if err := st.EndSessions(ctx, account.Snapshot().ID, but, now); err != nil {
		return err
	}
	if err := st.UseLinksOf(ctx, account.Snapshot().ID, domain.ResetPassword, now); err != nil {
		return err
	}
	if err := st.ForgetAllFailures(ctx, subject); err != nil {
		return err
	}
	return a.notify(ctx, tx, domain.NoticePasswordChanged, account.Snapshot())
}
