package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// GetSelf reads the caller's account.
func (s *AccountServer) GetSelf(ctx context.Context, _ *identityv1.GetSelfRequest) (*identityv1.GetSelfResponse, error) {
	account, err := s.accounts.GetSelf(ctx)
	if err != nil {
		return nil, err
	}
	return &identityv1.GetSelfResponse{Account: protoconv.Account(account)}, nil
}

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

// RevokeSession ends one of the caller's sessions.
func (s *AccountServer) RevokeSession(ctx context.Context, req *identityv1.RevokeSessionRequest) (*identityv1.RevokeSessionResponse, error) {
	id, err := readID(req.GetId())
	if err != nil {
		return nil, err
	}
	if err := s.accounts.RevokeSession(ctx, id); err != nil {
		return nil, err
	}
	return &identityv1.RevokeSessionResponse{}, nil
}
