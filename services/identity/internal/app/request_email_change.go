package app

import (
	"cmp"
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// RequestEmailChange stores that the caller wants to sign in with another address. The mail is in
// the account's language where none is given. Errors:
// CREDENTIALS_INVALID, TOKEN_EXPIRED, RATE_LIMITED.
func (a *Accounts) RequestEmailChange(ctx context.Context, password, code string, email domain.Email, language string, client Client) error {
	who, _, err := a.proveSelf(ctx, password, code, client)
	if err != nil {
		return err
	}
	return a.complete(ctx, who, func(ctx context.Context, tx *pg.Tx, account domain.Account, _ []string) error {
		s := account.Snapshot()
		return a.requestIn(ctx, tx, domain.MailRequest{
			Purpose: domain.ConfirmEmail, Kind: s.Kind, Email: email, AccountID: s.ID, LanguageCode: cmp.Or(language, s.LanguageCode),
		})
	})
}
