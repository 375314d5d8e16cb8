package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// RequestPasswordReset has a link mailed.
func (s *AccountServer) RequestPasswordReset(ctx context.Context, req *identityv1.RequestPasswordResetRequest) (*identityv1.RequestPasswordResetResponse, error) {
	email, err := readEmail("email", req.GetEmail())
	if err != nil {
		return nil, err
	}
	if err := s.accounts.RequestPasswordReset(ctx, domain.Kind(req.GetKind()), email); err != nil {
		return nil, err
	}
	return &identityv1.RequestPasswordResetResponse{}, nil
}

// ResetPassword sets the password of the account of a mailed link.
func (s *AccountServer) ResetPassword(ctx context.Context, req *identityv1.ResetPasswordRequest) (*identityv1.ResetPasswordResponse, error) {
	if err := s.accounts.ResetPassword(ctx, req.GetToken(), req.GetPassword(), client(ctx)); err != nil {
		return nil, err
	}
	return &identityv1.ResetPasswordResponse{}, nil
}

// ChangePassword sets the caller's password.
func (s *AccountServer) ChangePassword(ctx context.Context, req *identityv1.ChangePasswordRequest) (*identityv1.ChangePasswordResponse, error) {
	if err := s.accounts.ChangePassword(ctx, req.GetPassword(), req.GetTotpCode(), req.GetNewPassword(), client(ctx)); err != nil {
		return nil, err
	}
	return &identityv1.ChangePasswordResponse{}, nil
}
