package rpc

import (
	"context"
	"time"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// RefreshSession gives a session other tokens. What came in the cookie goes back there.
func (s *AccountServer) RefreshSession(ctx context.Context, req *identityv1.RefreshSessionRequest) (*identityv1.RefreshSessionResponse, error) {
	token, kept := s.refreshToken(ctx, req.GetRefreshToken())
	session, err := s.accounts.RefreshSession(ctx, token)
	if err != nil {
		if kept && domain.SessionIsOver(err) {
			s.cookie.write(ctx, "", time.Time{})
		}
		return nil, err
	}
	return &identityv1.RefreshSessionResponse{Session: s.cookie.session(ctx, session, kept)}, nil
}
