package rpc

import (
	"context"
	"time"

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

// RefreshSession gives a session other tokens. What came in the cookie goes back there.
func (s *AccountServer) RefreshSession(ctx context.Context, req *identityv1.RefreshSessionRequest) (*identityv1.RefreshSessionResponse, error) {
	token, kept := s.refreshToken(ctx, req.GetRefreshToken())
	session, err := s.accounts.RefreshSession(ctx, token)
	if err != nil {
		if kept && domain.SessionIsOver(err) {
			s.cookie.write(ctx, "", time.Time{})
		}
		return nil, err
	}
	return &identityv1.RefreshSessionResponse{Session: s.cookie.session(ctx, session, kept)}, nil
}

// SignOut ends a session.
func (s *AccountServer) SignOut(ctx context.Context, req *identityv1.SignOutRequest) (*identityv1.SignOutResponse, error) {
	token, kept := s.refreshToken(ctx, req.GetRefreshToken())
	if err := s.accounts.SignOut(ctx, token); err != nil {
		return nil, err
	}
	if kept {
		s.cookie.write(ctx, "", time.Time{})
	}
	return &identityv1.SignOutResponse{}, nil
}

// refreshToken returns the token of the request, or else that of the cookie, and whether
// it came in the cookie.
func (s *AccountServer) refreshToken(ctx context.Context, given string) (token string, kept bool) {
	if given != "" {
		return given, false
	}
	token = s.cookie.read(ctx)
	return token, token != ""
}

// Reauthenticate proves again who calls.
func (s *AccountServer) Reauthenticate(ctx context.Context, req *identityv1.ReauthenticateRequest) (*identityv1.ReauthenticateResponse, error) {
	session, err := s.accounts.Reauthenticate(ctx, req.GetPassword(), req.GetTotpCode(), client(ctx))
	if err != nil {
		return nil, err
	}
	return &identityv1.ReauthenticateResponse{Session: s.cookie.session(ctx, session, false)}, nil
}
