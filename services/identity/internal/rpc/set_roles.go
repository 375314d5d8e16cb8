package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// SetRoles gives a member of staff other roles.
func (s *StaffServer) SetRoles(ctx context.Context, req *identityv1.SetRolesRequest) (*identityv1.SetRolesResponse, error) {
	id, err := readID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	account, err := s.accounts.SetRoles(ctx, id, req.GetEtag(), req.GetOwner(), permissions(req.GetPermissions()))
	if err != nil {
		return nil, err
	}
	return &identityv1.SetRolesResponse{Account: protoconv.Account(account)}, nil
}
