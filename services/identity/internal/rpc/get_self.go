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
