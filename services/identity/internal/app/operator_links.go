package app

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// OperatorLink is a link that an operator gets, to open it or to hand it on. No mail has it:
// a shop that begins may have no mail server, and the operator vouches for the address.
type OperatorLink struct {
	URL        string
	Purpose    domain.Purpose
	ExpireTime time.Time
}

// LinkRequest is for whom an operator requests a link.
type LinkRequest struct {
	// As is the role: "owner", "staff:PERMISSION,…" or "customer".
	As    string
	Email domain.Email
	// ResetTotp has a link that sets another password remove the second factor, too.
	ResetTotp bool
	// By names the operator, in the log.
	By string
}

// operatorLink stores the link that is decided on, in the place of those of before.
func (a *Accounts) operatorLink(ctx context.Context, req LinkRequest, decide func(context.Context, store.Store) (domain.Link, error)) (OperatorLink, error) {
	var link domain.Link
	var stored domain.LinkSnapshot
	err := a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := a.on(tx)
		var err error
		if link, err = decide(ctx, st); err != nil {
			return err
		}
		stored = link.Snapshot()
		if err := st.UseLinksTo(ctx, stored.Kind, stored.Email, stored.Purpose, stored.CreateTime); err != nil {
			return err
		}
		recordLink(ctx, stored)
		return st.InsertLink(ctx, link)
	})
	if err != nil {
		return OperatorLink{}, err
	}
	a.Log.InfoContext(ctx, "the operator's socket handed out a link", "by", req.By, "as", req.As, "account", stored.AccountID, "leads", stored.Purpose.Path(), "resets_totp", stored.ResetTotp, "expires", stored.ExpireTime)
	return OperatorLink{URL: a.LinkURL(link), Purpose: stored.Purpose, ExpireTime: stored.ExpireTime}, nil
}

// role is what an operator requests a link for.
type role struct {
	kind        domain.Kind
	owner       bool
	permissions []domain.Permission
}

// invite returns the link that makes an account of the role.
func (r role) invite(email domain.Email, a *Accounts) domain.Link {
	purpose := domain.Invitation
	if r.kind == domain.Customer {
		purpose = domain.VerifyEmail
	}
	return a.newLink(purpose, r.kind, email, a.NewID()).WithRoles(r.owner, r.permissions, uuid.Nil)
}

func readRole(as string) (role, error) {
	name, of, named := strings.Cut(as, ":")
	switch {
	case name == "owner" && !named:
		return role{kind: domain.Staff, owner: true}, nil
	case name == "customer" && !named:
		return role{kind: domain.Customer}, nil
	case name == "staff" && named:
		permissions, err := permissionsNamed(of)
		if err != nil {
			return role{}, err
		}
		r := role{kind: domain.Staff}
		for _, p := range permissions {
			r.permissions = append(r.permissions, domain.Permission(p))
		}
		return r, nil
	}
	return role{}, invalid("%q is no role: write owner, staff:PERMISSION,… or customer", fault.Cut(as, 100))
}
