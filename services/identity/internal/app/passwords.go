package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// readLinkAndHash returns the link of a token, if it is good for a purpose now, and the
// hash of the password that it is to set. Errors: LINK_INVALID, PASSWORD_WEAK, RATE_LIMITED,
// UNAVAILABLE.
func (a *Accounts) readLinkAndHash(ctx context.Context, text string, purpose domain.Purpose, password string, client Client) (domain.Link, string, error) {
	link, err := a.readLink(ctx, text, purpose)
	if err != nil {
		return domain.Link{}, "", err
	}
	stored := link.Snapshot()
	hash, err := a.newPassword(ctx, stored.Kind, password, stored.Email, client)
	return link, hash, err
}

// newPassword returns the hash of a password that is good enough. Errors: PASSWORD_WEAK,
// RATE_LIMITED, UNAVAILABLE.
func (a *Accounts) newPassword(ctx context.Context, kind domain.Kind, password string, email domain.Email, client Client) (string, error) {
	if err := domain.CheckPassword(kind, password, email); err != nil {
		return "", err
	}
	hash, err := a.Hasher.Hash(ctx, client.AddressPrefix, password)
	return hash, busy(err)
}

// setPassword ends all sessions but one, the account's links, and what failed before. Also
// the link to another address goes: whoever knew the password before may have requested it.
func (a *Accounts) setPassword(ctx context.Context, tx *pg.Tx, account domain.Account, hash string, but uuid.UUID, subject domain.SignInSubject) error {
	now, st := a.Now(), a.on(tx)
	account = account.SetPassword(hash, now)
	if err := a.save(ctx, tx, account); err != nil {
		return err
	}
	if err := st.EndSessions(ctx, account.Snapshot().ID, but, now); err != nil {
		return err
	}
	if err := st.EndLinks(ctx, account.Snapshot().ID, now); err != nil {
		return err
	}
	if err := st.ForgetAllFailures(ctx, subject); err != nil {
		return err
	}
	return a.notify(ctx, tx, domain.NoticePasswordChanged, account.Snapshot())
}
