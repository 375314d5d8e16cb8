package app

import (
	"context"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// RequestPasswordReset stores that somebody requested to set another password. The mail is in
// the account's language where none is given.
func (a *Accounts) RequestPasswordReset(ctx context.Context, kind domain.Kind, email domain.Email, language string) error {
	return a.request(ctx, domain.MailRequest{Purpose: domain.ResetPassword, Kind: kind, Email: email, LanguageCode: language})
}
