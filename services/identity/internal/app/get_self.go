package app

import (
	"context"

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
