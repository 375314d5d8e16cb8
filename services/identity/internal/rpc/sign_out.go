package rpc

import (
	"context"
	"time"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// SignOut ends a session.
func (s *AccountServer) SignOut(ctx context.Context, req *identityv1.SignOutRequest) (*identityv1.SignOutResponse, error) {
	token, kept := s.refreshToken(ctx, req.GetRefreshToken())
	if err := s.accounts.SignOut(ctx, token); err != nil {
		return nil, err
	}
	if kept {
		s.cookie.write(ctx, "", time.Time{})
	}
	return &identityv1.SignOutResponse{}, nil
}
