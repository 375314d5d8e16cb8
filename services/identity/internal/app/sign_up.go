package app

import (
	"context"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// SignUp stores that somebody requested an account for an address, and in which language.
func (a *Accounts) SignUp(ctx context.Context, email domain.Email, language string) error {
	return a.request(ctx, domain.MailRequest{Purpose: domain.VerifyEmail, Kind: domain.Customer, Email: email, LanguageCode: language})
}
