package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// MintMailLink returns a mailed link.
func (s *TokenServer) MintMailLink(ctx context.Context, req *identityv1.MintMailLinkRequest) (*identityv1.MintMailLinkResponse, error) {
	id, err := readID("link_id", req.GetLinkId())
	if err != nil {
		return nil, err
	}
	_, link, err := s.accounts.MintMailLink(ctx, id)
	if err != nil {
		return nil, err
	}
	return &identityv1.MintMailLinkResponse{Link: s.accounts.LinkURL(link)}, nil
}
