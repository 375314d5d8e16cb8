package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// RevokeSession ends one of the caller's sessions.
func (s *AccountServer) RevokeSession(ctx context.Context, req *identityv1.RevokeSessionRequest) (*identityv1.RevokeSessionResponse, error) {
	id, err := readID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	if err := s.accounts.RevokeSession(ctx, id); err != nil {
		return nil, err
	}
	return &identityv1.RevokeSessionResponse{}, nil
}
