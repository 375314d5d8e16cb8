package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// SignUp requests an account.
func (s *AccountServer) SignUp(ctx context.Context, req *identityv1.SignUpRequest) (*identityv1.SignUpResponse, error) {
	email, err := readEmail("email", req.GetEmail())
	if err != nil {
		return nil, err
	}
	if err := s.accounts.SignUp(ctx, email); err != nil {
		return nil, err
	}
	return &identityv1.SignUpResponse{}, nil
}

// VerifyEmail makes the account of a mailed link.
func (s *AccountServer) VerifyEmail(ctx context.Context, req *identityv1.VerifyEmailRequest) (*identityv1.VerifyEmailResponse, error) {
	person := domain.Person{FirstName: req.GetFirstName(), LastName: req.GetLastName()}
	session, err := s.accounts.VerifyEmail(ctx, req.GetToken(), req.GetPassword(), person, client(ctx))
	if err != nil {
		return nil, err
	}
	return &identityv1.VerifyEmailResponse{Session: s.cookie.session(ctx, session, req.GetUseCookie())}, nil
}

// readEmail reads an address; what was sent stays out of the error.
func readEmail(field, text string) (domain.Email, error) {
	email, err := domain.ParseEmail(text)
	if err != nil {
		return domain.Email{}, fault.Fields(fault.Violation{Field: field, Description: err.Error()})
	}
	return email, nil
}
