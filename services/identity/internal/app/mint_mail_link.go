package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// MintMailLink returns the token of a link that is mailed, for who mails it: the same at each
// call. Errors: LINK_INVALID when it is used, expired, of no mail or none.
func (a *Accounts) MintMailLink(ctx context.Context, id uuid.UUID) (string, domain.Link, error) {
	link, err := a.on(a.Pool).Link(ctx, id)
	if err != nil {
		return "", domain.Link{}, err
	}
	stored := link.Snapshot()
	if !stored.Mailed {
		return "", domain.Link{}, domain.ErrLinkInvalid()
	}
	if _, err := link.Use(stored.Purpose, a.Now()); err != nil {
		return "", domain.Link{}, err
	}
	return token.Format(token.Link, a.LinkSecret.Token(id)), link, nil
}
