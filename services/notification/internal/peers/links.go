// Package peers calls the other contexts that notification needs: identity.
package peers

import (
	"context"
	"fmt"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/services/notification/internal/app"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
)

// Links makes the links of mails about accounts.
type Links struct {
	tokens    identityv1connect.TokenServiceClient
	publicURL string
}

// NewLinks returns the links to a shop at publicURL, with the tokens of the context that
// others reaches.
func NewLinks(others *peer.Peers, publicURL string) *Links {
	return &Links{tokens: identityv1connect.NewTokenServiceClient(others.Client("identity")), publicURL: publicURL}
}

// Mint returns the link of a mail. Its token stands after the #, so that no server and no
// log gets it. It returns app.ErrLinkOver when the link is not good any more.
func (l *Links) Mint(ctx context.Context, kind domain.Kind, linkID string) (string, error) {
	res, err := l.tokens.MintMailLink(ctx, &identityv1.MintMailLinkRequest{LinkId: linkID})
	if refused, ok := peer.Fault(err); ok && refused.Reason() == "LINK_INVALID" {
		return "", app.ErrLinkOver
	}
	if err != nil {
		return "", fmt.Errorf("get the link of a mail: %w", err)
	}
	return l.publicURL + mail.LinkPath(kind) + "#" + res.GetToken(), nil
}
