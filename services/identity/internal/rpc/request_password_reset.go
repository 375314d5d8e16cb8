package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// RequestPasswordReset has a link mailed.
func (s *AccountServer) RequestPasswordReset(ctx context.Context, req *identityv1.RequestPasswordResetRequest) (*identityv1.RequestPasswordResetResponse, error) {
	email, err := readEmail("email", req.GetEmail())
	if err != nil {
		return nil, err
	}
	if err := s.accounts.RequestPasswordReset(ctx, domain.Kind(req.GetKind()), email, req.GetLanguageCode()); err != nil {
		return nil, err
	}
	return &identityv1.RequestPasswordResetResponse{}, nil
}
