package domain

import (
	"bytes"

	"github.com/shopmesh/shopmesh/kit/grammar"
)

// Email is an e-mail address that signs in, and the key under which it is compared.
type Email struct {
	// Address is as mails are sent to it (grammar.Email).
	Address string
	// Key is its grammar.ExactEmailKey. Keys are compared as bytes: a comparison that also
	// equates other letters (Unicode's case folding, a database's collation) would let the
	// mail to one mailbox open the account of another.
	Key []byte
}

// ParseEmail reads an address. Its error completes the sentence "the field …".
func ParseEmail(text string) (Email, error) {
	address, err := grammar.Email(text)
	if err != nil {
		return Email{}, err
	}
	return Email{Address: address, Key: []byte(grammar.ExactEmailKey(address))}, nil
}

// Equal reports whether two addresses are the same for signing in.
func (e Email) Equal(other Email) bool { return len(e.Key) > 0 && bytes.Equal(e.Key, other.Key) }

// String hides the address, which is about a person.
func (e Email) String() string { return "[e-mail address]" }
