package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// RequestEmailChange has a link mailed to another address.
func (s *AccountServer) RequestEmailChange(ctx context.Context, req *identityv1.RequestEmailChangeRequest) (*identityv1.RequestEmailChangeResponse, error) {
	email, err := readEmail("email", req.GetEmail())
	if err != nil {
		return nil, err
	}
	if err := s.accounts.RequestEmailChange(ctx, req.GetPassword(), req.GetTotpCode(), email, client(ctx)); err != nil {
		return nil, err
	}
	return &identityv1.RequestEmailChangeResponse{}, nil
}

// ConfirmEmailChange makes the address of a mailed link the one that signs in.
func (s *AccountServer) ConfirmEmailChange(ctx context.Context, req *identityv1.ConfirmEmailChangeRequest) (*identityv1.ConfirmEmailChangeResponse, error) {
	if err := s.accounts.ConfirmEmailChange(ctx, req.GetToken()); err != nil {
		return nil, err
	}
	return &identityv1.ConfirmEmailChangeResponse{}, nil
}

// EnrollTotp draws a secret for an authenticator.
func (s *AccountServer) EnrollTotp(ctx context.Context, _ *identityv1.EnrollTotpRequest) (*identityv1.EnrollTotpResponse, error) {
	secret, uri, err := s.accounts.EnrollTotp(ctx)
	if err != nil {
		return nil, err
	}
	return &identityv1.EnrollTotpResponse{Secret: domain.TotpText(secret), Uri: uri}, nil
}

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
