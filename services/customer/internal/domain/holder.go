package domain

import (
	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/grammar"
)

// Holder is the customer who has an e-mail address.
type Holder struct {
	// CustomerID is uuid.Nil when nobody has the address.
	CustomerID uuid.UUID
	// Email is the address as the customer has it.
	Email string
	// Linked reports that an account signs in as the customer.
	Linked bool
}

// MayLink decides whether an account that showed that an address is its own becomes the
// holder's: when nobody signs in as the holder yet, whom staff made. Two addresses that
// differ in more than the case of ASCII's letters can be two mailboxes, though
// customers are looked up without regard to any case: the mail to one of them opens
// nothing of the other. Errors: EMAIL_TAKEN.
func (h Holder) MayLink(email string) error {
	if h.Linked || grammar.ExactEmailKey(h.Email) != grammar.ExactEmailKey(email) {
		return ErrEmailTaken()
	}
	return nil
}
