package domain

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/grammar"
)

// Erasure names the people whose data is to go.
type Erasure struct {
	Customers []uuid.UUID
	Guests    []ErasedGuest
}

// None reports whether nobody is erased.
func (e Erasure) None() bool { return len(e.Customers) == 0 && len(e.Guests) == 0 }

// AddGuest adds a guest; of one that is there already, the later erasure counts.
func (e *Erasure) AddGuest(guest ErasedGuest) {
	for i, g := range e.Guests {
		if g.Email != guest.Email {
			continue
		}
		if after(guest.LastOrder, g.LastOrder) {
			e.Guests[i] = guest
		}
		return
	}
	e.Guests = append(e.Guests, guest)
}

// ErasedGuest is somebody without an account, known by e-mail address. The address can
// be used again, so that only orders from before the erasure are concerned.
type ErasedGuest struct {
	// Email is in the form that compares.
	Email string
	// LastOrder is the last id that an order from before the erasure can have.
	LastOrder uuid.UUID
}

// NewErasedGuest is the guest of an address that was erased at a time.
func NewErasedGuest(email string, at time.Time) ErasedGuest {
	return ErasedGuest{Email: RecipientKey(email), LastOrder: lastID(at)}
}

// RecipientKey is the form of an address that compares.
func RecipientKey(email string) string {
	if email == "" {
		return ""
	}
	return grammar.EmailKey(email)
}

// lastID is the last UUIDv7 of a millisecond: ids sort by the time at which they were
// made.
func lastID(at time.Time) uuid.UUID {
	id := uuid.Max
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	return id
}

func after(a, b uuid.UUID) bool { return string(a[:]) > string(b[:]) }
