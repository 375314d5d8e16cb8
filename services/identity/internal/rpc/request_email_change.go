package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// RequestEmailChange has a link mailed to another address.
func (s *AccountServer) RequestEmailChange(ctx context.Context, req *identityv1.RequestEmailChangeRequest) (*identityv1.RequestEmailChangeResponse, error) {
	email, err := readEmail("email", req.GetEmail())
	if err != nil {
		return nil, err
	}
	if err := s.accounts.RequestEmailChange(ctx, req.GetPassword(), req.GetTotpCode(), email, req.GetLanguageCode(), client(ctx)); err != nil {
		return nil, err
	}
	return &identityv1.RequestEmailChangeResponse{}, nil
}
