package domain

import (
	"cmp"
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
	AccountID uuid.UUID
	// LanguageCode is the language in which the mail is written (BCP 47); empty for that of the
	// account, if there is one.
	LanguageCode string
	CreateTime   time.Time
}

// MailWindow is over which time links are counted.
const MailWindow = time.Hour

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
	LinkSnapshot

	Mail MailKind
	// CustomerID is the customer of the account, where there is one already.
	CustomerID uuid.UUID
	// LanguageCode is the language in which the mail is written (BCP 47); empty for English.
	LanguageCode string
}

// InMail returns the link in a mail. customer is that of its account, where there is one already.
func (l Link) InMail(mail MailKind, customer uuid.UUID) MailedLink {
	l.state.Mailed = true
	return MailedLink{LinkSnapshot: l.state, Mail: mail, CustomerID: customer}
}

// Decide returns the link that follows on the request, and false when no mail does: when
// the address was mailed as many such links within the hour as the settings allow, or there is
// nothing to mail to it. mailed is how many those of its kind were, by purpose. account is the one that has the
// address, if exists. unmade is the account that an earlier link
// for signing up was to make; uuid.Nil for none. Another link makes the same one: customer
// may have linked it already, and links the customer of an address to one account only.
//
// An address that signs up again is mailed that it has an account, with a link to set
// another password.
func (r MailRequest) Decide(
	account AccountSnapshot, exists bool, unmade uuid.UUID, mailed map[Purpose]int64, newID func() uuid.UUID, now time.Time, set Settings,
) (MailedLink, bool) {
	if exists && account.Disabled {
		return MailedLink{}, false
	}
	link := func(purpose Purpose, mail MailKind, about uuid.UUID) (MailedLink, bool) {
		if mailed[purpose] >= int64(set.MailsPerAddress) {
			return MailedLink{}, false
		}
		made := NewLink(newID(), purpose, r.Kind, r.Email, about, now, set.LinkLife(purpose))
		inMail := made.InMail(mail, account.CustomerID)
		inMail.LanguageCode = cmp.Or(r.LanguageCode, account.LanguageCode)
		return inMail, true
	}
	switch {
	case r.Purpose == VerifyEmail && !exists && unmade != uuid.Nil:
		return link(VerifyEmail, MailVerifyEmail, unmade)
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

// Notice is what happened to an account, for a mail to its owner.
type Notice struct {
	ID      uuid.UUID
	Kind    NoticeKind
	Account AccountSnapshot
	// Email is where it is mailed to. The mail is written in the account's language.
	Email Email
	Time  time.Time
}

// SignInSubject is for what failed sign-ins are counted: hashes, since addresses of
// people who have no account here are no business of ours.
type SignInSubject struct {
	// Here is an e-mail address and an address prefix, Everywhere an e-mail address.
	Here, Everywhere []byte
}

// SubjectOf returns for what a sign-in counts.
func SubjectOf(kind Kind, email Email, prefix string) SignInSubject {
	everywhere := sha256.Sum256(append([]byte{byte(kind), 0}, email.Key...))
	here := sha256.Sum256(append(everywhere[:], prefix...))
	return SignInSubject{Here: here[:], Everywhere: everywhere[:]}
}
