// Package events translates between identity and the broker.
package events

import (
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

const (
	// AccountTopic holds the newest AccountChanged of each account. It is compacted, and
	// carries no personal data.
	AccountTopic = "shopmesh.identity.account.v1"
	// VerificationTopic holds AccountVerified. It carries personal data.
	VerificationTopic = "shopmesh.identity.verification.v1"
	// MailTopic holds what is to be mailed. It carries personal data, and no token.
	MailTopic = "shopmesh.identity.mail.v1"
)

// Changed returns the event of an account's change.
func Changed(a domain.AccountSnapshot) outbox.Event {
	return outbox.Event{Topic: AccountTopic, Key: a.ID, Version: a.Version, Time: a.UpdateTime, Message: &identityv1.AccountChanged{
		AccountId: a.ID.String(), Version: a.Version, Epoch: a.Epoch, Disabled: a.Disabled,
	}}
}

// Verified returns the event of an address that was verified last: that of a new account, or
// another one.
func Verified(a domain.AccountSnapshot) outbox.Event {
	return outbox.Event{Topic: VerificationTopic, Key: a.ID, Version: a.VerifyVersion, Time: a.VerifyTime, Message: &identityv1.AccountVerified{
		AccountId: a.ID.String(), Kind: identityv1.AccountKind(a.Kind), CustomerId: idOf(a.CustomerID), Email: a.Email.Address, Version: a.VerifyVersion,
	}}
}

// Link returns the event of a mail with a link.
func Link(m domain.MailedLink) outbox.Event {
	return outbox.Event{Topic: MailTopic, Key: m.ID, Version: 1, Time: m.CreateTime, Message: &identityv1.MailLinkRequested{
		LinkId: m.ID.String(), Kind: identityv1.MailKind(m.Mail), Email: m.Email.Address,
		ExpireTime: timestamppb.New(m.ExpireTime), AccountKind: identityv1.AccountKind(m.Kind), CustomerId: idOf(m.CustomerID), AccountId: idOf(m.AccountID),
		LanguageCode: m.LanguageCode,
	}}
}

// Notice returns the event of a mail without one.
func Notice(n domain.Notice) outbox.Event {
	return outbox.Event{Topic: MailTopic, Key: n.ID, Version: 1, Time: n.Time, Message: &identityv1.AccountNoticed{
		NoticeId: n.ID.String(), Kind: identityv1.NoticeKind(n.Kind), Email: n.Email.Address, Time: timestamppb.New(n.Time),
		AccountKind: identityv1.AccountKind(n.Account.Kind), CustomerId: idOf(n.Account.CustomerID),
		AccountId: idOf(n.Account.ID), LanguageCode: n.Account.LanguageCode,
	}}
}

func idOf(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}
