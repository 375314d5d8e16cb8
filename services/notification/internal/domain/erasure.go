package domain

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/grammar"
)

// Erasure names what is to be blanked: the mails of customers, which are known by the
// customer or the account at once, those of orders, whoever ordered and wherever they went,
// and those to guests who signed up and made no account.
type Erasure struct {
	Customers []ErasedCustomer
	Orders    []uuid.UUID
	Guests    []ErasedGuest
}

// ErasedCustomer is a customer whose data was erased.
type ErasedCustomer struct {
	ID uuid.UUID
	// AccountID is the account that signed in as the customer; uuid.Nil for none.
	AccountID uuid.UUID
}

// ErasedGuest is the owner of an address, in the form that compares (RecipientKey), who was
// erased at a time: mails from later are kept.
type ErasedGuest struct {
	Email string
	Time  time.Time
}

// None reports whether nobody is erased.
func (e Erasure) None() bool {
	return len(e.Customers) == 0 && len(e.Orders) == 0 && len(e.Guests) == 0
}

// RecipientKey is the form of an address that compares.
func RecipientKey(email string) string {
	if email == "" {
		return ""
	}
	return grammar.EmailKey(email)
}
