package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// ListSigningKeys lists the public keys of access tokens.
func (s *TokenServer) ListSigningKeys(ctx context.Context, _ *identityv1.ListSigningKeysRequest) (*identityv1.ListSigningKeysResponse, error) {
	keys, err := s.keys.ListSigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	res := &identityv1.ListSigningKeysResponse{SigningKeys: make([]*identityv1.SigningKey, len(keys))}
	for i, key := range keys {
		res.SigningKeys[i] = toAPISigningKey(key)
	}
	return res, nil
}
