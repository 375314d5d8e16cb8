package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// ExchangeApiKey returns an access token for an API key.
func (s *TokenServer) ExchangeApiKey(ctx context.Context, req *identityv1.ExchangeApiKeyRequest) (*identityv1.ExchangeApiKeyResponse, error) {
	token, err := s.accounts.ExchangeAPIKey(ctx, req.GetApiKey())
	if err != nil {
		return nil, err
	}
	return &identityv1.ExchangeApiKeyResponse{AccessToken: token}, nil
}
