package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// RequestEmailChange stores that the caller wants to sign in with another address. Errors:
// CREDENTIALS_INVALID, TOKEN_EXPIRED, RATE_LIMITED.
func (a *Accounts) RequestEmailChange(ctx context.Context, password, code string, email domain.Email, client Client) error {
	who, _, err := a.proveSelf(ctx, password, code, client)
	if err != nil {
		return err
	}
	return a.settle(ctx, who, func(ctx context.Context, tx *pg.Tx, account domain.Account, _ []string) error {
		s := account.Snapshot()
		return a.requestIn(ctx, tx, domain.MailRequest{Purpose: domain.ConfirmEmail, Kind: s.Kind, Email: email, AccountID: s.ID})
	})
}

// ConfirmEmailChange makes the address that a mailed link went to the one that signs in.
// Errors: LINK_INVALID.
func (a *Accounts) ConfirmEmailChange(ctx context.Context, text string) error {
	link, err := a.readLink(ctx, text, domain.ConfirmEmail)
	if err != nil {
		return err
	}
	err = a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		account, err := a.on(tx).LockAccount(ctx, link.AccountID)
		if err != nil {
			return err
		}
		if _, err := a.useLink(ctx, tx, link.ID, domain.ConfirmEmail); err != nil {
			return err
		}
		before := account.Snapshot()
		if before.Disabled {
			return domain.ErrLinkInvalid()
		}
		now := a.Now()
		if err := a.save(ctx, tx, account.ChangeEmail(link.Email, now)); err != nil {
			return err
		}
		// Links that went to the address before open nothing any more.
		if err := a.on(tx).UseLinksOf(ctx, before.ID, domain.ResetPassword, now); err != nil {
			return err
		}
		return a.notify(ctx, tx, domain.NoticeEmailChanged, before)
	})
	if store.EmailTaken(err) {
		return domain.ErrLinkInvalid().Because(err)
	}
	return err
}
