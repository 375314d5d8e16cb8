package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// RemoveTotp takes the second factor off the caller's account.
func (s *AccountServer) RemoveTotp(ctx context.Context, _ *identityv1.RemoveTotpRequest) (*identityv1.RemoveTotpResponse, error) {
	if err := s.accounts.RemoveTotp(ctx); err != nil {
		return nil, err
	}
	return &identityv1.RemoveTotpResponse{}, nil
}
