package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// SetRoles gives a member of staff other roles. Errors: ACCOUNT_NOT_FOUND, ETAG_MISMATCH,
// LAST_OWNER, ROLE_ESCALATION, INVALID_FIELD, TOKEN_EXPIRED.
func (a *Accounts) SetRoles(ctx context.Context, id uuid.UUID, given string, owner bool, permissions []domain.Permission) (domain.AccountSnapshot, error) {
	return a.change(ctx, id, given, func(account domain.Account, by domain.Actor, owners int) (domain.Account, error) {
		return account.SetRoles(by, owner, permissions, owners, a.Now())
	})
}
