package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// VerifyEmail makes the account that a mailed link is for, and signs in. The customer is
// made, or found, before the account's transaction; a repeated call finds it again.
// Errors: LINK_INVALID, PASSWORD_WEAK, INVALID_FIELD, RATE_LIMITED.
func (a *Accounts) VerifyEmail(ctx context.Context, text, password string, person domain.Person, client Client) (Session, error) {
	link, err := a.readLink(ctx, text, domain.VerifyEmail)
	if err != nil {
		return Session{}, err
	}
	hash, err := a.newPassword(ctx, link.Kind, password, link.Email, client)
	if err != nil {
		return Session{}, err
	}
	// Refuses the names before another context is called.
	if _, err := domain.NewAccount(link, person, link.AccountID, hash, a.Now()); err != nil {
		return Session{}, err
	}
	customer, err := a.LinkCustomer(ctx, domain.NewCustomer{AccountID: link.AccountID, Email: link.Email, Person: person})
	if err != nil {
		return Session{}, err
	}
	account, err := domain.NewAccount(link, person, customer, hash, a.Now())
	if err != nil {
		return Session{}, err
	}
	session := a.begin(account.Snapshot(), []string{domain.MethodPassword}, client)
	err = a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		if _, err := a.useLink(ctx, tx, link.ID, domain.VerifyEmail); err != nil {
			return err
		}
		if err := a.on(tx).InsertAccount(ctx, account); err != nil {
			return err
		}
		if err := a.on(tx).InsertSession(ctx, session); err != nil {
			return err
		}
		return a.publish(ctx, tx, a.Publish.Changed(account.Snapshot()), a.Publish.Verified(account.Snapshot()))
	})
	if store.EmailTaken(err) {
		// Another link of the same address was used meanwhile.
		return Session{}, domain.ErrLinkInvalid().Because(err)
	}
	if err != nil {
		return Session{}, err
	}
	return a.issue(account.Snapshot(), session)
}

// newPassword returns the hash of a password that is good enough. Errors: PASSWORD_WEAK,
// RATE_LIMITED.
func (a *Accounts) newPassword(ctx context.Context, kind domain.Kind, password string, email domain.Email, client Client) (string, error) {
	if err := domain.CheckPassword(kind, password, email); err != nil {
		return "", err
	}
	hash, err := a.Hasher.Hash(ctx, client.Place, password)
	return hash, busy(err)
}
