package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// ListSessions lists the caller's sessions.
func (s *AccountServer) ListSessions(ctx context.Context, _ *identityv1.ListSessionsRequest) (*identityv1.ListSessionsResponse, error) {
	sessions, life, current, err := s.accounts.ListSessions(ctx)
	if err != nil {
		return nil, err
	}
	res := &identityv1.ListSessionsResponse{}
	for _, session := range sessions {
		res.Sessions = append(res.Sessions, protoconv.ActiveSession(session, life, session.ID == current))
	}
	return res, nil
}
