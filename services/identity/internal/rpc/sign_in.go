package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// SignIn begins a session.
func (s *AccountServer) SignIn(ctx context.Context, req *identityv1.SignInRequest) (*identityv1.SignInResponse, error) {
	email, err := readEmail("email", req.GetEmail())
	if err != nil {
		return nil, err
	}
	session, err := s.accounts.SignIn(ctx, domain.Kind(req.GetKind()), email, req.GetPassword(), req.GetTotpCode(), client(ctx))
	if err != nil {
		return nil, err
	}
	return &identityv1.SignInResponse{Session: s.cookie.session(ctx, session, req.GetUseCookie())}, nil
}
