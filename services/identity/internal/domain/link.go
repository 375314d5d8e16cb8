package domain

import (
	"crypto/hmac"
	"crypto/sha256"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// Purpose is the one thing that a mailed link is good for.
type Purpose int16

// The purposes, numbered as in the database.
const (
	VerifyEmail   Purpose = 1
	ResetPassword Purpose = 2
	Invitation    Purpose = 3
	ConfirmEmail  Purpose = 4
)

// Path is where a link of the purpose leads on the shop's site.
func (p Purpose) Path() string {
	switch p {
	case VerifyEmail:
		return "/account/verify"
	case Invitation:
		return "/accept-invitation"
	case ConfirmEmail:
		return "/account/confirm-email"
	default:
		return "/account/reset"
	}
}

// Link is a mailed link. Its token is the id and a MAC, so that the same id gives the same
// link whenever its mail is sent, and the database holds no secret.
type Link struct{ state LinkSnapshot }

// LinkSnapshot is a link as it is stored.
type LinkSnapshot struct {
	ID      uuid.UUID
	Purpose Purpose
	Kind    Kind
	Email   Email
	// AccountID is the account that it is about; for VerifyEmail the one that it makes.
	AccountID uuid.UUID
	// Owner and Permissions are what an invitation grants, InvitedBy who did.
	Owner       bool
	Permissions []Permission
	InvitedBy   uuid.UUID
	// ResetTotp reports that a link to reset the password removes the second factor, too.
	ResetTotp bool
	// Mailed reports that the link is sent by mail. Others are handed out where they are made, and
	// nobody mints them again.
	Mailed     bool
	CreateTime time.Time
	ExpireTime time.Time
	UseTime    time.Time
}

// NewLink returns a link that is good for a life.
func NewLink(id uuid.UUID, purpose Purpose, kind Kind, email Email, account uuid.UUID, now time.Time, life time.Duration) Link {
	return Link{LinkSnapshot{ID: id, Purpose: purpose, Kind: kind, Email: email, AccountID: account, CreateTime: now, ExpireTime: now.Add(life)}}
}

// RestoreLink returns a link that was stored.
func RestoreLink(stored LinkSnapshot) Link { return Link{stored} }

// Snapshot returns the link as it is stored.
func (l Link) Snapshot() LinkSnapshot { return l.state }

// WithRoles returns the link with what its account may do, and who grants that: uuid.Nil for
// the operator.
func (l Link) WithRoles(owner bool, permissions []Permission, by uuid.UUID) Link {
	l.state.Owner, l.state.Permissions, l.state.InvitedBy = owner, permissions, by
	return l
}

// WithTotpReset returns a link to reset the password that removes the second factor, too.
func (l Link) WithTotpReset() Link {
	l.state.ResetTotp = true
	return l
}

// firstOwnerLife is how long the link of a shop's first owner is good.
const firstOwnerLife = 24 * time.Hour

// NewFirstOwnerLink returns the invitation of a shop's first owner. It names no address:
// whoever has it owns the machine's files, and states the address that is to sign in.
func NewFirstOwnerLink(id, account uuid.UUID, now time.Time) Link {
	return NewLink(id, Invitation, Staff, Email{Key: []byte{}}, account, now, firstOwnerLife).WithRoles(true, nil, uuid.Nil)
}

// OfFirstOwner reports whether the link is that of NewFirstOwnerLink. It is good while the
// shop has no owner.
func (l Link) OfFirstOwner() bool {
	return l.state.Purpose == Invitation && len(l.state.Email.Key) == 0
}

// AcceptedBy returns the invitation with the address of who accepts it: the one that it
// names, or for the first owner's the one that is stated. Errors: INVALID_FIELD.
func (l Link) AcceptedBy(stated Email) (Link, error) {
	switch given := len(stated.Key) > 0; {
	case l.OfFirstOwner() && !given:
		return l, fault.Fields(fault.Violation{Field: "email", Description: "is missing: the link of the first owner names no address"})
	case l.OfFirstOwner():
		l.state.Email = stated
	case given:
		return l, fault.Fields(fault.Violation{Field: "email", Description: "is that of the invitation: leave it out"})
	}
	return l, nil
}

// Use returns the link as used. It is good once, in its time, for its purpose: all else is
// LINK_INVALID, in one wording.
func (l Link) Use(purpose Purpose, now time.Time) (Link, error) {
	if l.state.Purpose != purpose || !l.state.UseTime.IsZero() || !now.Before(l.state.ExpireTime) {
		return l, ErrLinkInvalid()
	}
	l.state.UseTime = now
	return l, nil
}

// LinkSecret is what links are authenticated with.
type LinkSecret []byte

const linkBytes = 16 + sha256.Size

// Token returns the bytes of a link's token.
func (k LinkSecret) Token(id uuid.UUID) []byte {
	return append(append(make([]byte, 0, linkBytes), id[:]...), k.mac(id)...)
}

// Read returns the id of a link's token; false when we did not make it.
func (k LinkSecret) Read(token []byte) (id uuid.UUID, ok bool) {
	if len(token) != linkBytes {
		return uuid.Nil, false
	}
	id = uuid.UUID(token[:16])
	return id, hmac.Equal(token[16:], k.mac(id))
}

func (k LinkSecret) mac(id uuid.UUID) []byte {
	mac := hmac.New(sha256.New, k)
	mac.Write(id[:])
	return mac.Sum(nil)
}
