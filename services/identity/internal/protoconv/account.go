// Package protoconv translates the domain of identity into its contract's messages, for
// answers and events alike.
package protoconv

import (
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// Account returns an account.
func Account(a domain.AccountSnapshot) *identityv1.Account {
	account := &identityv1.Account{
		Id: a.ID.String(), Kind: identityv1.AccountKind(a.Kind), Email: a.Email.Address, FirstName: a.FirstName, LastName: a.LastName, LanguageCode: a.LanguageCode,
		Owner: a.Owner, Permissions: Permissions(a.Permissions), Disabled: a.Disabled, TotpEnrolled: a.Totp.Confirmed,
		CreateTime: timestamppb.New(a.CreateTime), UpdateTime: timestamppb.New(a.UpdateTime), Etag: a.Etag(),
	}
	if a.CustomerID != uuid.Nil {
		account.CustomerId = a.CustomerID.String()
	}
	return account
}

// Permissions returns permissions as the contracts number them.
func Permissions(permissions []domain.Permission) []optionsv1.Permission {
	list := make([]optionsv1.Permission, len(permissions))
	for i, p := range permissions {
		list[i] = optionsv1.Permission(p)
	}
	return list
}

// APIKey returns an API key, without the key itself.
func APIKey(k domain.APIKeySnapshot) *identityv1.ApiKey {
	return &identityv1.ApiKey{
		Id: k.ID.String(), DisplayName: k.DisplayName, Permissions: Permissions(k.Permissions), Creator: k.CreatorID.String(), Etag: k.Etag(),
		CreateTime: timestamppb.New(k.CreateTime), ExpireTime: timestamppb.New(k.ExpireTime),
		LastUseTime: Time(k.LastUseTime), RevokeTime: Time(k.RevokeTime),
	}
}

// ActiveSession returns a session, and whether it is the one that calls.
func ActiveSession(s domain.SessionSnapshot, life domain.SessionLife, current bool) *identityv1.ActiveSession {
	return &identityv1.ActiveSession{
		Id: s.ID.String(), Current: current, AddressPrefix: s.AddressPrefix, Agent: s.Agent, CreateTime: timestamppb.New(s.CreateTime),
		RefreshTime: timestamppb.New(s.RefreshTime), ExpireTime: timestamppb.New(s.ExpireTime(life)), EndTime: Time(s.EndTime),
	}
}

// Time returns a time, and nil for the zero one.
func Time(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
