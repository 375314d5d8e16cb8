package app

import (
	"context"
	"crypto/rand"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// EnrollTotp draws a secret for the caller's authenticator, and returns how it is named
// there. Errors: ACCOUNT_NOT_FOUND.
func (a *Accounts) EnrollTotp(ctx context.Context) (secret []byte, uri string, err error) {
	account, err := a.GetSelf(ctx)
	if err != nil {
		return nil, "", err
	}
	secret = make([]byte, domain.TotpSecretBytes)
	_, _ = rand.Read(secret) // it never fails
	return secret, domain.TotpURI("Shopmesh", account.Email.Address, secret), nil
}
