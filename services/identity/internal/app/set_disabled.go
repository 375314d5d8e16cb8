package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// SetDisabled lets an account sign in or not; one that may not has no sessions. Errors:
// ACCOUNT_NOT_FOUND, ETAG_MISMATCH, LAST_OWNER, ROLE_ESCALATION, TOKEN_EXPIRED.
func (a *Accounts) SetDisabled(ctx context.Context, id uuid.UUID, given string, disabled bool) (domain.AccountSnapshot, error) {
	return a.change(ctx, id, given, func(account domain.Account, by domain.Actor, owners int) (domain.Account, error) {
		return account.SetDisabled(by, disabled, owners, a.Now())
	})
}
