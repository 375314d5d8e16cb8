package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// SignUp requests an account.
func (s *AccountServer) SignUp(ctx context.Context, req *identityv1.SignUpRequest) (*identityv1.SignUpResponse, error) {
	email, err := readEmail("email", req.GetEmail())
	if err != nil {
		return nil, err
	}
	if err := s.accounts.SignUp(ctx, email, req.GetLanguageCode()); err != nil {
		return nil, err
	}
	return &identityv1.SignUpResponse{}, nil
}
