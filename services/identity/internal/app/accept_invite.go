package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// AcceptInvite makes the account that an invitation is for, and signs in. Who invited must
// still be allowed to invite, and to grant what it grants. stated is the address of the first owner, whose
// link names none; the zero Email for all others. Errors: LINK_INVALID, PASSWORD_WEAK,
// INVALID_FIELD, RATE_LIMITED.
func (a *Accounts) AcceptInvite(ctx context.Context, text string, stated domain.Email, password string, person domain.Person, client Client) (Session, error) {
	link, err := a.readLink(ctx, text, domain.Invitation)
	if err != nil {
		return Session{}, err
	}
	first := link.OfFirstOwner()
	if link, err = link.AcceptedBy(stated); err != nil {
		return Session{}, err
	}
	stored := link.Snapshot()
	hash, err := a.newPassword(ctx, stored.Kind, password, stored.Email, client)
	if err != nil {
		return Session{}, err
	}
	account, err := domain.NewAccount(link, person, uuid.Nil, hash, a.Now())
	if err != nil {
		return Session{}, err
	}
	return a.openAccount(ctx, account, link, client, func(ctx context.Context, tx *pg.Tx) error {
		if err := a.stillGrants(ctx, tx, stored); err != nil {
			return err
		}
		if first {
			owners, err := a.on(tx).LockOwners(ctx)
			if err != nil {
				return err
			}
			if owners > 0 {
				return domain.ErrLinkInvalid()
			}
		}
		if stored.Owner {
			tx.OnCommit(a.noteOwner)
		}
		return nil
	})
}

func (a *Accounts) stillGrants(ctx context.Context, tx *pg.Tx, link domain.LinkSnapshot) error {
	if link.InvitedBy == uuid.Nil {
		return nil // the operator
	}
	inviter, err := a.on(tx).LockAccount(ctx, link.InvitedBy)
	if err != nil {
		return err
	}
	s := inviter.Snapshot()
	// Who lost the permission to invite may invite nobody, not even to nothing.
	needed := append([]domain.Permission{domain.AccountsWrite}, link.Permissions...)
	if err := domain.MayGrant(s.Actor(), link.Owner, needed); err != nil || s.Disabled {
		return domain.ErrLinkInvalid().Because(err)
	}
	return nil
}
