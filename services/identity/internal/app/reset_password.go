package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// ResetPassword sets the password of the account that a link is for, and removes its second
// factor where an operator's link does. It ends all sessions, and lets its owner sign in from
// here whatever failed before. Errors: LINK_INVALID, PASSWORD_WEAK, RATE_LIMITED.
func (a *Accounts) ResetPassword(ctx context.Context, text, password string, client Client) error {
	link, hash, err := a.readLinkAndHash(ctx, text, domain.ResetPassword, password, client)
	if err != nil {
		return err
	}
	stored := link.Snapshot()
	return a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := a.on(tx)
		account, err := st.LockAccount(ctx, stored.AccountID)
		if err != nil {
			return orGone(err, domain.ErrLinkInvalid())
		}
		if _, err := a.useLink(ctx, tx, stored.ID, domain.ResetPassword); err != nil {
			return err
		}
		if s := account.Snapshot(); s.Disabled || !s.Email.Equal(stored.Email) {
			return domain.ErrLinkInvalid() // the address became another one meanwhile
		}
		before := account.Snapshot()
		if stored.ResetTotp {
			if account, err = a.removeTotp(ctx, tx, account); err != nil {
				return err
			}
		}
		record(ctx, before, account.Snapshot())
		return a.setPassword(ctx, tx, account, hash, uuid.Nil, domain.SubjectOf(stored.Kind, stored.Email, client.AddressPrefix))
	})
}

// removeTotp takes an account's second factor and its recovery codes.
func (a *Accounts) removeTotp(ctx context.Context, tx *pg.Tx, account domain.Account) (domain.Account, error) {
	account = account.RemoveTotp(a.Now())
	if err := a.on(tx).ReplaceRecoveryCodes(ctx, account.Snapshot().ID, nil); err != nil {
		return account, err
	}
	return account, a.notify(ctx, tx, domain.NoticeTotpChanged, account.Snapshot())
}
