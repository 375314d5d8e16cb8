package domain

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// Contradiction is something that a provider reports and that contradicts the books.
// Nothing is concluded from it: somebody has to look into it and resolve it.
type Contradiction struct {
	ID uuid.UUID
	// EventID identifies it: what is reported again is kept once, until it is resolved.
	EventID string
	// EventType is the provider's, or "mismatch" for an answer to a request of ours.
	EventType string
	// PaymentID is the payment it is about; the nil id when there is none.
	PaymentID uuid.UUID
	// Cause is what is wrong.
	Cause      string
	CreateTime time.Time
	// ResolveTime is zero while it is open. Resolver is the key of who resolved it, and
	// Note what that person wrote.
	ResolveTime time.Time
	Resolver    string
	Note        string
}

// CheckNote returns what is wrong with the note of whoever resolves a contradiction;
// INVALID_FIELD.
func CheckNote(note string) error {
	if err := grammar.Text(note, maxTyped); err != nil {
		return fault.Fields(fault.Breaks("note", err))
	}
	return nil
}

// NewContradiction makes an open contradiction of what a provider reports; its texts are
// made storable.
func NewContradiction(id uuid.UUID, eventID, eventType string, paymentID uuid.UUID, cause string, at time.Time) Contradiction {
	return Contradiction{
		ID: id, EventID: cut(eventID, MaxDetail), EventType: cut(eventType, MaxCode), PaymentID: paymentID,
		Cause: cut(cause, MaxDetail), CreateTime: at,
	}
}
