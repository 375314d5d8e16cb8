package app

import (
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// claimsOf returns what a session's access tokens state.
func claimsOf(account domain.AccountSnapshot, session domain.SessionSnapshot, set domain.Settings) token.AccessClaims {
	claims := token.AccessClaims{
		Account: account.ID.String(), Session: session.ID.String(), Epoch: account.Epoch, Kind: kindOf(account),
		AuthTime: session.AuthTime, Methods: session.Methods, HasOTP: account.Totp.Confirmed,
		MustEnroll: account.MustEnroll(set.RequireStaffTotp), StepUpAge: set.StepUpAge,
	}
	switch claims.Kind {
	case authz.Customer:
		claims.Customer = account.CustomerID.String()
	case authz.Staff:
		claims.Permissions = permissionsOf(account.Permissions)
	default: // an owner needs none
	}
	return claims
}

func kindOf(account domain.AccountSnapshot) authz.Kind {
	switch {
	case account.Kind == domain.Customer:
		return authz.Customer
	case account.Owner:
		return authz.Owner
	default:
		return authz.Staff
	}
}

func permissionsOf(permissions []domain.Permission) []optionsv1.Permission {
	list := make([]optionsv1.Permission, len(permissions))
	for i, p := range permissions {
		list[i] = optionsv1.Permission(p)
	}
	return list
}
