package domain

import (
	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/grammar"
)

// Erasure names what is to be blanked: the mails of customers, which are known by the
// customer at once, and those of orders, whoever ordered and wherever they went.
type Erasure struct {
	Customers []uuid.UUID
	Orders    []uuid.UUID
}

// None reports whether nobody is erased.
func (e Erasure) None() bool { return len(e.Customers) == 0 && len(e.Orders) == 0 }

// RecipientKey is the form of an address that compares.
func RecipientKey(email string) string {
	if email == "" {
		return ""
	}
	return grammar.EmailKey(email)
}
