package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// SignIn begins a session. Errors: CREDENTIALS_INVALID, RATE_LIMITED.
func (a *Accounts) SignIn(ctx context.Context, kind domain.Kind, email domain.Email, password, code string, client Client) (Session, error) {
	who, err := a.prove(ctx, proof{kind: kind, email: email, password: password, code: code, prefix: client.AddressPrefix})
	if err != nil {
		return Session{}, err
	}
	var account domain.AccountSnapshot
	var session domain.Session
	err = a.complete(ctx, who, func(ctx context.Context, tx *pg.Tx, signedIn domain.Account, methods []string) error {
		account = signedIn.Snapshot()
		session = a.begin(account, methods, client)
		return a.on(tx).InsertSession(ctx, session)
	})
	if err != nil {
		return Session{}, err
	}
	return a.issue(account, session, a.Settings())
}
