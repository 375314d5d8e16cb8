package domain

import (
	"strings"

	"github.com/google/uuid"
)

// ErasedPerson is somebody whose data is to go: a customer, known by id, or a guest,
// known by e-mail address.
type ErasedPerson struct {
	// CustomerID is uuid.Nil for a guest.
	CustomerID uuid.UUID
	// Email is empty for a customer.
	Email string
}

// Mentions are the texts, in lower case, by which what people typed can name the
// person.
func (p ErasedPerson) Mentions() []string {
	var texts []string
	if p.CustomerID != uuid.Nil {
		texts = append(texts, p.CustomerID.String())
	}
	if p.Email != "" {
		texts = append(texts, strings.ToLower(p.Email))
	}
	return texts
}
