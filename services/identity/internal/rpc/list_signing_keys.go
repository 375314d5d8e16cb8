package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// ListSigningKeys lists the public keys of access tokens.
func (s *TokenServer) ListSigningKeys(context.Context, *identityv1.ListSigningKeysRequest) (*identityv1.ListSigningKeysResponse, error) {
	keys := s.keys.ListSigningKeys()
	res := &identityv1.ListSigningKeysResponse{SigningKeys: make([]*identityv1.SigningKey, len(keys))}
	for i, key := range keys {
		res.SigningKeys[i] = toAPISigningKey(key)
	}
	return res, nil
}
