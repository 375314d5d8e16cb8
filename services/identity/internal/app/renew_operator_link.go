package app

import (
	"context"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// RenewOperatorLink returns a link for somebody who lost theirs: one that sets another
// password of an account that there is, and on request removes its second factor, or another
// invitation of an owner who made no account yet. Errors: INVALID_FIELD.
func (a *Accounts) RenewOperatorLink(ctx context.Context, req LinkRequest) (OperatorLink, error) {
	role, err := readRole(req.As)
	if err != nil {
		return OperatorLink{}, err
	}
	return a.operatorLink(ctx, req, func(ctx context.Context, st store.Store) (domain.Link, error) {
		account, exists, err := st.FindAccount(ctx, role.kind, req.Email)
		if err != nil {
			return domain.Link{}, err
		}
		if s := account.Snapshot(); exists {
			switch {
			case s.Owner != role.owner:
				return domain.Link{}, invalid("the account of this e-mail address has another role")
			case s.Disabled:
				return domain.Link{}, invalid("the account of this e-mail address is disabled: an owner enables it")
			}
			link := a.newLink(domain.ResetPassword, role.kind, s.Email, s.ID)
			if req.ResetTotp {
				link = link.WithTotpReset()
			}
			return link, nil
		}
		if req.ResetTotp {
			return domain.Link{}, invalid("nobody with this e-mail address has an account, and so no second factor")
		}
		invited, err := st.InvitedOwner(ctx, req.Email)
		if err != nil {
			return domain.Link{}, err
		}
		if !role.owner || !invited {
			return domain.Link{}, invalid("nobody with this e-mail address has an account, or was invited within the last days: create one")
		}
		return role.invite(req.Email, a), nil
	})
}
