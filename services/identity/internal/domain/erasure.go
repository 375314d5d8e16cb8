package domain

import (
	"time"

	"github.com/google/uuid"
)

// Erasure names people whose data is to go.
type Erasure struct {
	Customers []uuid.UUID
	// Accounts are those that customer knows of the customers, also such as were never made.
	Accounts []uuid.UUID
	// Guests have no account; they may have requested one.
	Guests []ErasedGuest
}

// None reports whether nobody is erased.
func (e Erasure) None() bool { return len(e.Customers) == 0 && len(e.Guests) == 0 }

// ErasedGuest is the owner of an e-mail address, in the form that compares
// (grammar.EmailKey), who was erased at a time: what was requested later is kept.
type ErasedGuest struct {
	Email string
	Time  time.Time
}

// Erase returns what others have to know of an account that is deleted: nobody signs in to
// it, and the access tokens that there are end.
func (a Account) Erase(now time.Time) Account {
	return Account{AccountSnapshot{
		ID: a.state.ID, Kind: a.state.Kind, CustomerID: a.state.CustomerID, Disabled: true,
		Epoch: a.state.Epoch, Version: a.state.Version, CreateTime: a.state.CreateTime,
	}}.revoke(now)
}
