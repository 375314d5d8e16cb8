package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// ConfirmEmailChange makes the address that a mailed link went to the one that signs in.
// Errors: LINK_INVALID.
func (a *Accounts) ConfirmEmailChange(ctx context.Context, text string) error {
	link, err := a.readLink(ctx, text, domain.ConfirmEmail)
	if err != nil {
		return err
	}
	stored := link.Snapshot()
	err = a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		account, err := a.on(tx).LockAccount(ctx, stored.AccountID)
		if err != nil {
			return orGone(err, domain.ErrLinkInvalid())
		}
		if _, err := a.useLink(ctx, tx, stored.ID, domain.ConfirmEmail); err != nil {
			return err
		}
		before := account.Snapshot()
		if before.Disabled {
			return domain.ErrLinkInvalid()
		}
		now := a.Now()
		changed := account.ChangeEmail(stored.Email, now)
		record(ctx, before, changed.Snapshot())
		if err := a.save(ctx, tx, changed); err != nil {
			return err
		}
		if err := a.publish(ctx, tx, a.Publish.Verified(changed.Snapshot())); err != nil {
			return err
		}
		// Links that went to the address before, or to one that was mistyped, open nothing any
		// more.
		if err := a.on(tx).EndLinks(ctx, before.ID, now); err != nil {
			return err
		}
		return a.notify(ctx, tx, domain.NoticeEmailChanged, before)
	})
	if store.EmailTaken(err) {
		return domain.ErrLinkInvalid().Because(err)
	}
	return err
}
