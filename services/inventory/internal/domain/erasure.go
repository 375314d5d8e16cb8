package domain

import (
	"errors"
	"strings"

	"github.com/google/uuid"
)

// ErasedPerson is somebody whose data is to go: a customer, known by id, or a guest,
// known by e-mail address.
type ErasedPerson struct {
	customerID uuid.UUID // uuid.Nil for a guest
	email      string    // empty for a customer
}

// NewErasedPerson is the person with this id, this address, or both. It refuses a person
// with neither.
func NewErasedPerson(customerID uuid.UUID, email string) (ErasedPerson, error) {
	if customerID == uuid.Nil && email == "" {
		return ErasedPerson{}, errors.New("names neither a customer nor an address")
	}
	return ErasedPerson{customerID: customerID, email: email}, nil
}

// Mentions are the texts, in lower case, by which what people typed can name the
// person.
func (p ErasedPerson) Mentions() []string {
	var texts []string
	if p.customerID != uuid.Nil {
		texts = append(texts, p.customerID.String())
	}
	if p.email != "" {
		texts = append(texts, strings.ToLower(p.email))
	}
	return texts
}
