package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// ExportAccount returns the account of a customer, and all of its sessions that are kept,
// those that ended, too; the zero account where the customer has none.
func (a *Accounts) ExportAccount(ctx context.Context, customer uuid.UUID) (
	account domain.AccountSnapshot, sessions []domain.SessionSnapshot, life domain.SessionLife, err error,
) {
	st := a.on(a.Pool)
	found, has, err := st.AccountOfCustomer(ctx, customer)
	if err != nil || !has {
		return account, nil, life, err
	}
	account = found.Snapshot()
	kept, err := st.KeptSessions(ctx, account.ID)
	for _, session := range kept {
		sessions = append(sessions, session.Snapshot())
	}
	return account, sessions, a.Settings().SessionLife(account.Kind), err
}
