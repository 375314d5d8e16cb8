package domain

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// GuestErasure is the demand to blank what every context holds about a guest, who is
// known by an e-mail address only.
type GuestErasure struct {
	// ID is the same for every erasure of one address: the UUIDv5 of "mailto:" and the
	// address in the namespace of URLs.
	ID uuid.UUID
	// EmailKey is the address in the form that compares.
	EmailKey string
	// Version is larger for each erasure of one address: the guest may have ordered
	// again in between.
	Version int64
	Time    time.Time
}

// NewGuestErasure returns the erasure of a guest. Errors: INVALID_FIELD.
func NewGuestErasure(email string, now time.Time) (GuestErasure, error) {
	key, err := GuestKey(email)
	if err != nil {
		return GuestErasure{}, err
	}
	return GuestErasure{ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte("mailto:"+key)), EmailKey: key, Version: now.UnixMicro(), Time: now}, nil
}

// GuestKey returns the form in which a guest's e-mail address compares. Errors:
// INVALID_FIELD.
func GuestKey(email string) (string, error) {
	if _, err := grammar.Email(email); err != nil {
		return "", fault.Fields(fault.Breaks("email", err))
	}
	return grammar.EmailKey(email), nil
}
