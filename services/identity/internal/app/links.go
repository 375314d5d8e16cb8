package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// readLink returns the link of a token, if it is good for a purpose now. Reading uses
// nothing up. Errors: LINK_INVALID.
func (a *Accounts) readLink(ctx context.Context, text string, purpose domain.Purpose) (domain.Link, error) {
	kind, payload, err := token.Parse(text)
	if err != nil || kind != token.Link {
		return domain.Link{}, domain.ErrLinkInvalid()
	}
	id, ok := a.LinkSecret.Read(payload)
	if !ok {
		return domain.Link{}, domain.ErrLinkInvalid()
	}
	link, err := a.on(a.Pool).Link(ctx, id)
	if err != nil {
		return domain.Link{}, err
	}
	return link.Use(purpose, a.Now())
}

// useLink locks a link and uses it up. Errors: LINK_INVALID.
func (a *Accounts) useLink(ctx context.Context, tx *pg.Tx, id uuid.UUID, purpose domain.Purpose) (domain.Link, error) {
	st := store.On(tx)
	link, err := st.LockLink(ctx, id)
	if err != nil {
		return domain.Link{}, err
	}
	if link, err = link.Use(purpose, a.Now()); err != nil {
		return domain.Link{}, err
	}
	return link, st.UseLink(ctx, link)
}

// MintMailLink returns the token of a link, for who mails it: the same at each call.
// Errors: LINK_INVALID when it is used, expired or none.
func (a *Accounts) MintMailLink(ctx context.Context, id uuid.UUID) (string, domain.Link, error) {
	link, err := a.on(a.Pool).Link(ctx, id)
	if err != nil {
		return "", domain.Link{}, err
	}
	if _, err := link.Use(link.Purpose, a.Now()); err != nil {
		return "", domain.Link{}, err
	}
	return token.Format(token.Link, a.LinkSecret.Token(id)), link, nil
}
