package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

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
	return a.complete(ctx, who, func(ctx context.Context, tx *pg.Tx, account domain.Account, _ []string) error {
		return a.setPassword(ctx, tx, account, hash, current, who.subject)
	})
}
