package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
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

// actor returns who changes accounts: what the caller's token states, as long as their
// account is as it was then. Other services learn within seconds that somebody may no longer
// do something; here it holds from the transaction on, because what was granted meanwhile
// would stay. A token of the operator's socket names no account. Errors: TOKEN_EXPIRED.
func actor(ctx context.Context, st store.Store) (domain.Actor, error) {
	identity := authz.Caller(ctx)
	by := domain.Actor{Owner: identity.Kind == authz.Owner}
	for _, p := range identity.Permissions {
		by.Permissions = append(by.Permissions, domain.Permission(p))
	}
	id, _ := uuid.Parse(identity.AccountID)
	if id == uuid.Nil {
		return by, nil
	}
	account, err := st.Account(ctx, id)
	if err != nil {
		return domain.Actor{}, orGone(err, domain.ErrTokenExpired())
	}
	if now := account.Snapshot(); now.Disabled || identity.Epoch < now.Epoch {
		return domain.Actor{}, domain.ErrTokenExpired()
	}
	by.AccountID = id
	return by, nil
}
