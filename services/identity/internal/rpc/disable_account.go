package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// DisableAccount keeps an account from signing in.
func (s *StaffServer) DisableAccount(ctx context.Context, req *identityv1.DisableAccountRequest) (*identityv1.DisableAccountResponse, error) {
	id, err := readID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	account, err := s.accounts.SetDisabled(ctx, id, req.GetEtag(), true)
	if err != nil {
		return nil, err
	}
	return &identityv1.DisableAccountResponse{Account: protoconv.Account(account)}, nil
}
