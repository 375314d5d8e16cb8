package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// ChangePassword sets the caller's password.
func (s *AccountServer) ChangePassword(ctx context.Context, req *identityv1.ChangePasswordRequest) (*identityv1.ChangePasswordResponse, error) {
	if err := s.accounts.ChangePassword(ctx, req.GetPassword(), req.GetTotpCode(), req.GetNewPassword(), client(ctx)); err != nil {
		return nil, err
	}
	return &identityv1.ChangePasswordResponse{}, nil
}
