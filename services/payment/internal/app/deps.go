// Package app holds payment's use cases: each loads what it needs under a lock,
// lets the domain decide, stores what follows and writes the outbox, in one
// transaction. The provider is asked outside of every transaction.
package app

import (
	"crypto/rand"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// leaseMargin is how long a payment or refund may wait in the process that stored
// it before its first attempt, on top of the attempt's own time.
const leaseMargin = 5 * time.Second

// Terms are what the owner sets.
type Terms struct {
	// ProviderTimeout is how long an answer is waited for.
	ProviderTimeout time.Duration
	// RetryAfter is how soon an unknown outcome is asked for again.
	RetryAfter time.Duration
}

// lease is how long a process may keep a payment or refund to itself.
func (t Terms) lease() time.Duration { return t.ProviderTimeout + leaseMargin }

// Deps gives decisions what they take from outside.
type Deps struct {
	Terms Terms
	// Provider names who takes a payment method.
	Provider func(method string) string
	// Now is the clock.
	Now func() time.Time
	// NewID makes an id, UUIDv7.
	NewID func() uuid.UUID
}

// Decision is what one decision takes from outside.
func (d Deps) Decision() domain.DecisionContext {
	return domain.DecisionContext{
		// PostgreSQL keeps microseconds; a decision sees what will be read back.
		Now: d.Now().UTC().Truncate(time.Microsecond), NewID: d.NewID, NewReference: newReference,
		Provider: d.Provider, Lease: d.Terms.lease(), RetryAfter: d.Terms.RetryAfter,
	}
}

// newReference draws from the system's randomness, which never fails.
func newReference() string {
	var random [8]byte
	_, _ = rand.Read(random[:])
	return domain.Reference(random)
}
