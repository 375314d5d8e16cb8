package domain

import "github.com/google/uuid"

// Person is whom other contexts hold data about: a customer, known by an id, or a
// guest, known by an e-mail address. One of the two is set.
type Person struct {
	CustomerID uuid.UUID
	// EmailKey is a guest's address as GuestKey returns it.
	EmailKey string
}
