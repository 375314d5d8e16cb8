package app

import (
	"context"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// SignUp stores that somebody requested an account for an address.
func (a *Accounts) SignUp(ctx context.Context, email domain.Email) error {
	return a.request(ctx, domain.MailRequest{Purpose: domain.VerifyEmail, Kind: domain.Customer, Email: email})
}
