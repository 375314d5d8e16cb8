package app

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/etag"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// actor returns who changes accounts: what the caller's token states, which is what the
// call was let in for. A token of the operator's socket names no account.
func actor(ctx context.Context) domain.Actor {
	identity := authz.Caller(ctx)
	account, _ := uuid.Parse(identity.AccountID)
	by := domain.Actor{AccountID: account, Owner: identity.Kind == authz.Owner}
	for _, p := range identity.Permissions {
		by.Permissions = append(by.Permissions, domain.Permission(p))
	}
	return by
}

// isOperator reports whether the caller's token comes from the operator's socket.
func isOperator(ctx context.Context) bool {
	return slices.Contains(authz.Caller(ctx).Methods, authz.MethodOperator)
}

// Invitation says to what somebody is invited.
type Invitation struct {
	Email       domain.Email
	Owner       bool
	Permissions []domain.Permission
}

// InviteStaff has an invitation mailed; to the operator of the machine it returns its
// token, too. Errors: EMAIL_TAKEN, ROLE_ESCALATION.
func (a *Accounts) InviteStaff(ctx context.Context, invitation Invitation) (string, error) {
	by := actor(ctx)
	if err := domain.MayGrant(by, invitation.Owner, invitation.Permissions); err != nil {
		return "", err
	}
	link := domain.NewLink(a.NewID(), domain.Invitation, domain.Staff, invitation.Email, a.NewID(), a.Now())
	link.Owner, link.Permissions = invitation.Owner, invitation.Permissions
	if !isOperator(ctx) {
		link.InvitedBy = by.AccountID
	}
	err := a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		_, taken, err := a.on(tx).FindAccount(ctx, domain.Staff, invitation.Email)
		if err != nil {
			return err
		}
		if taken {
			return domain.ErrEmailTaken()
		}
		if err := a.on(tx).InsertLink(ctx, link); err != nil {
			return err
		}
		return a.publish(ctx, tx, a.Publish.Link(domain.MailedLink{Link: link, Mail: domain.MailInvitation}))
	})
	if err != nil || !isOperator(ctx) {
		return "", err
	}
	return token.Format(token.Link, a.LinkSecret.Token(link.ID)), nil
}

// AcceptInvite makes the account that an invitation is for, and signs in. Who invited must
// still be allowed to grant what it grants. Errors: LINK_INVALID, PASSWORD_WEAK,
// INVALID_FIELD, RATE_LIMITED.
func (a *Accounts) AcceptInvite(ctx context.Context, text, password string, person domain.Person, client Client) (Session, error) {
	link, err := a.readLink(ctx, text, domain.Invitation)
	if err != nil {
		return Session{}, err
	}
	hash, err := a.newPassword(ctx, link.Kind, password, link.Email, client)
	if err != nil {
		return Session{}, err
	}
	account, err := domain.NewAccount(link, person, uuid.Nil, hash, a.Now())
	if err != nil {
		return Session{}, err
	}
	session := a.begin(account.Snapshot(), []string{domain.MethodPassword}, client)
	err = a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		if err := a.stillGrants(ctx, tx, link); err != nil {
			return err
		}
		if _, err := a.useLink(ctx, tx, link.ID, domain.Invitation); err != nil {
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
		return Session{}, domain.ErrLinkInvalid().Because(err)
	}
	if err != nil {
		return Session{}, err
	}
	return a.issue(account.Snapshot(), session)
}

func (a *Accounts) stillGrants(ctx context.Context, tx *pg.Tx, link domain.Link) error {
	if link.InvitedBy == uuid.Nil {
		return nil // the operator
	}
	inviter, err := a.on(tx).LockAccount(ctx, link.InvitedBy)
	if err != nil {
		return err
	}
	s := inviter.Snapshot()
	if err := domain.MayGrant(s.Actor(), link.Owner, link.Permissions); err != nil || s.Disabled {
		return domain.ErrLinkInvalid().Because(err)
	}
	return nil
}

// ListAccounts returns a page of accounts and the token of the next one. Errors:
// FILTER_INVALID, PAGE_TOKEN_INVALID, INVALID_FIELD.
func (a *Accounts) ListAccounts(ctx context.Context, req page.Request) ([]domain.AccountSnapshot, string, error) {
	return a.on(a.Pool).ListAccounts(ctx, req)
}

// SetRoles gives a member of staff other roles. Errors: ACCOUNT_NOT_FOUND, ETAG_MISMATCH,
// LAST_OWNER, ROLE_ESCALATION, INVALID_FIELD.
func (a *Accounts) SetRoles(ctx context.Context, id uuid.UUID, given string, owner bool, permissions []domain.Permission) (domain.AccountSnapshot, error) {
	return a.change(ctx, id, given, func(account domain.Account, owners int) (domain.Account, error) {
		return account.SetRoles(actor(ctx), owner, permissions, owners, a.Now())
	})
}

// SetDisabled lets an account sign in or not; one that may not has no sessions. Errors:
// ACCOUNT_NOT_FOUND, ETAG_MISMATCH, LAST_OWNER, ROLE_ESCALATION.
func (a *Accounts) SetDisabled(ctx context.Context, id uuid.UUID, given string, disabled bool) (domain.AccountSnapshot, error) {
	return a.change(ctx, id, given, func(account domain.Account, owners int) (domain.Account, error) {
		return account.SetDisabled(actor(ctx), disabled, owners, a.Now())
	})
}

// change locks an account and the owners, and has decide change it. When it is disabled
// then, its sessions end.
func (a *Accounts) change(ctx context.Context, id uuid.UUID, given string, decide func(domain.Account, int) (domain.Account, error)) (domain.AccountSnapshot, error) {
	var after domain.AccountSnapshot
	err := a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := a.on(tx)
		// The owners first: of two who remove each other at once, the second sees the first.
		owners, err := st.LockOwners(ctx)
		if err != nil {
			return err
		}
		account, err := st.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		before := account.Snapshot()
		if err := etag.Check(given, before.Etag()); err != nil {
			return err
		}
		next, err := decide(account, owners)
		if err != nil {
			return err
		}
		if after = next.Snapshot(); after.Version == before.Version {
			return nil
		}
		if after.Disabled {
			if err := st.EndSessions(ctx, id, uuid.Nil, a.Now()); err != nil {
				return err
			}
		}
		return a.save(ctx, tx, next)
	})
	return after, err
}
