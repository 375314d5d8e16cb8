package domain

import (
	"time"

	"github.com/google/uuid"
)

// maxRetry is where doubling of the time between attempts ends.
const maxRetry = 5 * time.Minute

// DecisionContext is what a decision takes from outside: the time, new ids, chance and
// the owner's settings.
type DecisionContext struct {
	Now time.Time
	// NewID makes an id for a refund.
	NewID func() uuid.UUID
	// NewReference makes a payment's reference; see Reference.
	NewReference func() string
	// Provider names who takes the money of a payment method.
	Provider func(method string) string
	// Lease is how long the process that stored a payment or refund has for its
	// first attempt, before others take it over.
	Lease time.Duration
	// RetryAfter is how long after an unknown outcome the provider is called again;
	// doubled with each further attempt up to five minutes.
	RetryAfter time.Duration
}

// retry returns when the provider is called again after so many attempts.
func (dc DecisionContext) retry(attempts int32) time.Time {
	limit := max(maxRetry, dc.RetryAfter)
	wait := dc.RetryAfter
	for n := int32(1); n < attempts && wait < limit; n++ {
		wait *= 2
	}
	return dc.Now.Add(min(wait, limit))
}

// next returns when the provider is called again after an answer that decides nothing.
// When due is no longer the lease of the request, a notice or a cancellation came while it
// was under way: the answer may be older than that, so what it made due stays due.
func (dc DecisionContext) next(due time.Time, answer Answer, attempts int32) time.Time {
	retry := dc.retry(attempts)
	if !due.Equal(answer.Lease) && due.Before(retry) {
		return due
	}
	return retry
}

// crockford is base 32 without the letters that people mistake for others.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Reference makes a payment's reference of eight random bytes: "PAY-" and eight
// characters of Crockford's base 32. Two of a million payments can meet in the 40
// bits; the unique key refuses the second, and its event is handled again with
// other randomness.
func Reference(random [8]byte) string {
	reference := [12]byte{'P', 'A', 'Y', '-'}
	for i, b := range random {
		reference[4+i] = crockford[b%32]
	}
	return string(reference[:])
}
