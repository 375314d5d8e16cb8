package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// newLink returns a link that begins now, about an account.
func (a *Accounts) newLink(purpose domain.Purpose, kind domain.Kind, email domain.Email, account uuid.UUID) domain.Link {
	return domain.NewLink(a.NewID(), purpose, kind, email, account, a.Now(), a.Settings().LinkLife(purpose))
}

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

// LinkURL returns a link as it is opened. Its token stands after the #, so that no server
// and no log gets it.
func (a *Accounts) LinkURL(link domain.Link) string {
	s := link.Snapshot()
	return a.PublicURL + s.Purpose.Path() + "#" + token.Format(token.Link, a.LinkSecret.Token(s.ID))
}
