package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// ResetPassword sets the password of the account of a mailed link.
func (s *AccountServer) ResetPassword(ctx context.Context, req *identityv1.ResetPasswordRequest) (*identityv1.ResetPasswordResponse, error) {
	if err := s.accounts.ResetPassword(ctx, req.GetToken(), req.GetPassword(), client(ctx)); err != nil {
		return nil, err
	}
	return &identityv1.ResetPasswordResponse{}, nil
}
