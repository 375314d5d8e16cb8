package app

import (
	"context"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// CreateOperatorLink returns a link that makes an account of this address and role. Those of
// before, to the same address, are good no more. Errors: EMAIL_TAKEN, INVALID_FIELD.
func (a *Accounts) CreateOperatorLink(ctx context.Context, req LinkRequest) (OperatorLink, error) {
	role, err := readRole(req.As)
	if err != nil {
		return OperatorLink{}, err
	}
	if req.ResetTotp {
		return OperatorLink{}, invalid("a new account has no second factor")
	}
	return a.operatorLink(ctx, req, func(ctx context.Context, st store.Store) (domain.Link, error) {
		_, taken, err := st.FindAccount(ctx, role.kind, req.Email)
		if err != nil {
			return domain.Link{}, err
		}
		if taken {
			return domain.Link{}, domain.ErrEmailTaken()
		}
		return role.invite(req.Email, a), nil
	})
}
