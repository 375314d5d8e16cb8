package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// RevokeSession ends a session of the caller's account. Errors: SESSION_NOT_FOUND.
func (a *Accounts) RevokeSession(ctx context.Context, id uuid.UUID) error {
	account, _, err := caller(ctx)
	if err != nil {
		return err
	}
	found, err := a.endSession(ctx, id, account)
	if err == nil && !found {
		return domain.ErrSessionNotFound(id)
	}
	return err
}
