package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// EnrollTotp draws a secret for an authenticator.
func (s *AccountServer) EnrollTotp(ctx context.Context, _ *identityv1.EnrollTotpRequest) (*identityv1.EnrollTotpResponse, error) {
	secret, uri, err := s.accounts.EnrollTotp(ctx)
	if err != nil {
		return nil, err
	}
	return &identityv1.EnrollTotpResponse{Secret: domain.TotpText(secret), Uri: uri}, nil
}
