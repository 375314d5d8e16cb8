package domain

import (
	"crypto/sha256"
	"time"

	"github.com/google/uuid"
)

// MailRequest is what somebody requested with nothing but an address. Which mail follows
// is decided later, so that the answer shows nothing about the address.
type MailRequest struct {
	ID      uuid.UUID
	Purpose Purpose
	Kind    Kind
	Email   Email
	// AccountID is who requested another address; uuid.Nil for the other purposes.
	AccountID  uuid.UUID
	CreateTime time.Time
}

const (
	// mailsPerHour is how many links an address is mailed within an hour.
	mailsPerHour = 3
	// MailWindow is over which time links are counted.
	MailWindow = time.Hour
)

// MailKind is what a mail with a link is about, numbered as in
// shopmesh.identity.v1.MailKind.
type MailKind int32

// The kinds of mails with a link.
const (
	MailVerifyEmail   MailKind = 1
	MailAccountExists MailKind = 2
	MailResetPassword MailKind = 3
	MailInvitation    MailKind = 4
	MailConfirmEmail  MailKind = 5
)

// MailedLink is a link and the mail that it stands in.
type MailedLink struct {
	Link
	Mail MailKind
	// CustomerID is the customer of the account, where there is one already.
	CustomerID uuid.UUID
}

// Decide returns the link that follows on the request, and false when no mail does: when
// the address was mailed three within the hour, or there is nothing to mail to it. account
// is the one that has the address, if exists.
//
// An address that signs up again is told that it has an account, and gets a link to set
// another password.
func (r MailRequest) Decide(account AccountSnapshot, exists bool, mailed int64, newID func() uuid.UUID, now time.Time) (MailedLink, bool) {
	if mailed >= mailsPerHour || exists && account.Disabled {
		return MailedLink{}, false
	}
	link := func(purpose Purpose, mail MailKind, about uuid.UUID) (MailedLink, bool) {
		return MailedLink{Link: NewLink(newID(), purpose, r.Kind, r.Email, about, now), Mail: mail, CustomerID: account.CustomerID}, true
	}
	switch {
	case r.Purpose == VerifyEmail && !exists:
		return link(VerifyEmail, MailVerifyEmail, newID())
	case r.Purpose == VerifyEmail:
		return link(ResetPassword, MailAccountExists, account.ID)
	case r.Purpose == ResetPassword && exists:
		return link(ResetPassword, MailResetPassword, account.ID)
	case r.Purpose == ConfirmEmail && !exists:
		return link(ConfirmEmail, MailConfirmEmail, r.AccountID)
	}
	return MailedLink{}, false
}

// NoticeKind is what a mail without a link is about, numbered as in
// shopmesh.identity.v1.NoticeKind.
type NoticeKind int32

// The kinds of notices.
const (
	NoticePasswordChanged NoticeKind = 1
	NoticeTokenReused     NoticeKind = 2
	NoticeEmailChanged    NoticeKind = 3
	NoticeTotpChanged     NoticeKind = 4
)

// Notice tells somebody what happened to their account.
type Notice struct {
	ID      uuid.UUID
	Kind    NoticeKind
	Account AccountSnapshot
	// Email is where it is mailed to.
	Email Email
	Time  time.Time
}

// SignInSubject is for what failed sign-ins are counted: hashes, since addresses of
// people who have no account here are no business of ours.
type SignInSubject struct {
	// Here is an address and a place, Everywhere an address.
	Here, Everywhere []byte
}

// SubjectOf returns for what a sign-in counts.
func SubjectOf(kind Kind, email Email, place string) SignInSubject {
	everywhere := sha256.Sum256(append([]byte{byte(kind), 0}, email.Key...))
	here := sha256.Sum256(append(everywhere[:], place...))
	return SignInSubject{Here: here[:], Everywhere: everywhere[:]}
}
