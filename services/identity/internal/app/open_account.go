package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// openAccount stores the account that a mailed link makes, uses the link up, and begins the
// account's first session. allow runs first, in the same transaction.
// Errors: LINK_INVALID, also when another link of the address made an account meanwhile;
// allow's.
func (a *Accounts) openAccount(
	ctx context.Context, account domain.Account, link domain.Link, client Client, allow func(context.Context, *pg.Tx) error,
) (Session, error) {
	session := a.begin(account.Snapshot(), []string{domain.MethodPassword}, client)
	stored := link.Snapshot()
	err := a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		if err := allow(ctx, tx); err != nil {
			return err
		}
		if _, err := a.useLink(ctx, tx, stored.ID, stored.Purpose); err != nil {
			return err
		}
		record(ctx, domain.AccountSnapshot{}, account.Snapshot())
		if err := a.on(tx).InsertAccount(ctx, account); err != nil {
			return err
		}
		if err := a.on(tx).InsertSession(ctx, session); err != nil {
			return err
		}
		return a.publish(ctx, tx, a.Publish.Changed(account.Snapshot()), a.Publish.Verified(account.Snapshot()))
	})
	if store.EmailTaken(err) {
		return Session{}, domain.ErrLinkInvalid().Because(err)
	}
	if err != nil {
		return Session{}, err
	}
	return a.issue(account.Snapshot(), session, a.Settings())
}
