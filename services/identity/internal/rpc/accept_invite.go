package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// AcceptInvite makes the account of an invitation.
func (s *StaffServer) AcceptInvite(ctx context.Context, req *identityv1.AcceptInviteRequest) (*identityv1.AcceptInviteResponse, error) {
	var email domain.Email
	if req.GetEmail() != "" {
		var err error
		if email, err = readEmail("email", req.GetEmail()); err != nil {
			return nil, err
		}
	}
	person := domain.Person{FirstName: req.GetFirstName(), LastName: req.GetLastName(), LanguageCode: req.GetLanguageCode()}
	session, err := s.accounts.AcceptInvite(ctx, req.GetToken(), email, req.GetPassword(), person, client(ctx))
	if err != nil {
		return nil, err
	}
	return &identityv1.AcceptInviteResponse{Session: s.cookie.session(ctx, session, req.GetUseCookie())}, nil
}
