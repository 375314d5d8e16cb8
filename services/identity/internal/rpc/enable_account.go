package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// EnableAccount lets an account sign in again.
func (s *StaffServer) EnableAccount(ctx context.Context, req *identityv1.EnableAccountRequest) (*identityv1.EnableAccountResponse, error) {
	id, err := readID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	account, err := s.accounts.SetDisabled(ctx, id, req.GetEtag(), false)
	if err != nil {
		return nil, err
	}
	return &identityv1.EnableAccountResponse{Account: protoconv.Account(account)}, nil
}
