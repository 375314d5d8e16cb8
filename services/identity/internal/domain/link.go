package domain

import (
	"crypto/hmac"
	"crypto/sha256"
	"time"

	"github.com/google/uuid"
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

// Life is how long a link of the purpose is good.
func (p Purpose) Life() time.Duration {
	switch p {
	case ResetPassword:
		return 30 * time.Minute
	case Invitation:
		return 72 * time.Hour
	default:
		return 24 * time.Hour
	}
}

// Link is a mailed link. Its token is the id and a MAC, so that the same id gives the same
// link whenever its mail is sent, and the database holds no secret.
type Link struct {
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
	CreateTime  time.Time
	ExpireTime  time.Time
	UseTime     time.Time
}

// NewLink returns a link that is good for its purpose's life.
func NewLink(id uuid.UUID, purpose Purpose, kind Kind, email Email, account uuid.UUID, now time.Time) Link {
	return Link{ID: id, Purpose: purpose, Kind: kind, Email: email, AccountID: account, CreateTime: now, ExpireTime: now.Add(purpose.Life())}
}

// Use returns the link as used. It is good once, in its time, for its purpose: all else is
// LINK_INVALID, in one wording.
func (l Link) Use(purpose Purpose, now time.Time) (Link, error) {
	if l.Purpose != purpose || !l.UseTime.IsZero() || !now.Before(l.ExpireTime) {
		return l, ErrLinkInvalid()
	}
	l.UseTime = now
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
