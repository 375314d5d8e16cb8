package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// ConfirmEmailChange makes the address of a mailed link the one that signs in.
func (s *AccountServer) ConfirmEmailChange(ctx context.Context, req *identityv1.ConfirmEmailChangeRequest) (*identityv1.ConfirmEmailChangeResponse, error) {
	if err := s.accounts.ConfirmEmailChange(ctx, req.GetToken()); err != nil {
		return nil, err
	}
	return &identityv1.ConfirmEmailChangeResponse{}, nil
}
