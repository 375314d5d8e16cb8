package app

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// VerifyEmail makes the account that a mailed link is for, and signs in. The customer is
// made, or found, before the account's transaction; a repeated call finds it again, and so
// does one with a later link of the address. Errors: LINK_INVALID, PASSWORD_WEAK,
// INVALID_FIELD, EMAIL_TAKEN, RATE_LIMITED.
func (a *Accounts) VerifyEmail(ctx context.Context, text, password string, person domain.Person, client Client) (Session, error) {
	link, hash, err := a.readLinkAndHash(ctx, text, domain.VerifyEmail, password, client)
	if err != nil {
		return Session{}, err
	}
	stored := link.Snapshot()
	// Refuses the names before another context is called.
	if _, err := domain.NewAccount(link, person, stored.AccountID, hash, a.Now()); err != nil {
		return Session{}, err
	}
	if err := a.on(a.Pool).SetLinkBegun(ctx, stored.ID, true); err != nil {
		return Session{}, err
	}
	customer, err := a.LinkCustomer(ctx, domain.NewCustomer{AccountID: stored.AccountID, Email: stored.Email, Person: person})
	if fault.ReasonOf(err) == domain.ReasonEmailTaken {
		// No customer was made, whose erasure would delete the link: it goes when it is over.
		if failed := a.on(a.Pool).SetLinkBegun(ctx, stored.ID, false); failed != nil {
			return Session{}, failed
		}
	}
	if err != nil {
		return Session{}, err
	}
	account, err := domain.NewAccount(link, person, customer, hash, a.Now())
	if err != nil {
		return Session{}, err
	}
	session, err := a.openAccount(ctx, account, link, client, func(ctx context.Context, tx *pg.Tx) error { return a.refuseErased(ctx, tx, customer) })
	if errors.Is(err, errErased) {
		// The next link is to make another account, of another customer.
		if failed := a.on(a.Pool).DeleteLinksOf(ctx, []uuid.UUID{stored.AccountID}); failed != nil {
			return Session{}, failed
		}
	}
	return session, err
}

var errErased = errors.New("the customer was erased since the link was read")

// refuseErased refuses to make an account of a customer who was erased since the link was
// read: LINK_INVALID. An erasure that comes later waits for the account.
func (a *Accounts) refuseErased(ctx context.Context, tx *pg.Tx, customer uuid.UUID) error {
	st := a.on(tx)
	if err := st.AwaitErasures(ctx); err != nil {
		return err
	}
	erased, err := st.IsErased(ctx, customer)
	if err == nil && erased {
		err = domain.ErrLinkInvalid().Because(errErased)
	}
	return err
}
