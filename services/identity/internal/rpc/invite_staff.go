package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
)

// InviteStaff has an invitation mailed.
func (s *StaffServer) InviteStaff(ctx context.Context, req *identityv1.InviteStaffRequest) (*identityv1.InviteStaffResponse, error) {
	email, err := readEmail("email", req.GetEmail())
	if err != nil {
		return nil, err
	}
	requestID, err := readRequestID(req.GetRequestId())
	if err != nil {
		return nil, err
	}
	invitation := app.Invitation{
		Email: email, Owner: req.GetOwner(), Permissions: permissions(req.GetPermissions()), LanguageCode: req.GetLanguageCode(),
	}
	if err := s.accounts.InviteStaff(ctx, requestID, req, invitation); err != nil {
		return nil, err
	}
	return &identityv1.InviteStaffResponse{}, nil
}
