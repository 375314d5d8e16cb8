package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
)

// ConfirmTotp makes a secret the second factor.
func (s *AccountServer) ConfirmTotp(ctx context.Context, req *identityv1.ConfirmTotpRequest) (*identityv1.ConfirmTotpResponse, error) {
	secret := app.ReadTotpSecret(req.GetSecret())
	if secret == nil {
		return nil, fault.Fields(fault.Violation{Field: "secret", Description: "must be the secret that EnrollTotp returned"})
	}
	codes, err := s.accounts.ConfirmTotp(ctx, secret, req.GetTotpCode())
	if err != nil {
		return nil, err
	}
	return &identityv1.ConfirmTotpResponse{RecoveryCodes: codes}, nil
}
