package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// VerifyEmail makes the account of a mailed link.
func (s *AccountServer) VerifyEmail(ctx context.Context, req *identityv1.VerifyEmailRequest) (*identityv1.VerifyEmailResponse, error) {
	person := domain.Person{FirstName: req.GetFirstName(), LastName: req.GetLastName(), LanguageCode: req.GetLanguageCode()}
	session, err := s.accounts.VerifyEmail(ctx, req.GetToken(), req.GetPassword(), person, client(ctx))
	if err != nil {
		return nil, err
	}
	return &identityv1.VerifyEmailResponse{Session: s.cookie.session(ctx, session, req.GetUseCookie())}, nil
}
