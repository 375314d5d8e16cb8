package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// RevokeApiKey ends a key.
func (s *StaffServer) RevokeApiKey(ctx context.Context, req *identityv1.RevokeApiKeyRequest) (*identityv1.RevokeApiKeyResponse, error) {
	id, err := readID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	key, err := s.accounts.RevokeAPIKey(ctx, id)
	if err != nil {
		return nil, err
	}
	return &identityv1.RevokeApiKeyResponse{ApiKey: protoconv.APIKey(key)}, nil
}
