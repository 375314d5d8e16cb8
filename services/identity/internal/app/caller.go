package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// caller returns the account and session of a caller who signed in. A token of the operator's
// socket stands for no account: PERMISSION_DENIED.
func caller(ctx context.Context) (account, session uuid.UUID, err error) {
	identity := authz.Caller(ctx)
	if account, err = uuid.Parse(identity.AccountID); err != nil {
		return uuid.Nil, uuid.Nil, domain.ErrNoAccount()
	}
	session, _ = uuid.Parse(identity.SessionID) // uuid.Nil, which no session has, where the token names none
	return account, session, nil
}

// actor returns who changes accounts: what the caller's token states, which is what the
// call was let in for. A token of the operator's socket names no account.
func actor(ctx context.Context) domain.Actor {
	identity := authz.Caller(ctx)
	account, _ := uuid.Parse(identity.AccountID)
	by := domain.Actor{AccountID: account, Owner: identity.Kind == authz.Owner}
	for _, p := range identity.Permissions {
		by.Permissions = append(by.Permissions, domain.Permission(p))
	}
	return by
}
