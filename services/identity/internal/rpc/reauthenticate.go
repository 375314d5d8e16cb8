package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// Reauthenticate proves again who calls.
func (s *AccountServer) Reauthenticate(ctx context.Context, req *identityv1.ReauthenticateRequest) (*identityv1.ReauthenticateResponse, error) {
	session, err := s.accounts.Reauthenticate(ctx, req.GetPassword(), req.GetTotpCode(), client(ctx))
	if err != nil {
		return nil, err
	}
	return &identityv1.ReauthenticateResponse{Session: s.cookie.session(ctx, session, false)}, nil
}
