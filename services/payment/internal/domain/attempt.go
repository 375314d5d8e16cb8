package domain

import (
	"time"

	"github.com/google/uuid"
)

// Outcome is what a request to the provider came to. The numbers are those of the
// contract's AttemptOutcome and of the database.
type Outcome int16

// The outcomes of a request.
const (
	// Succeeded: the provider did what was requested.
	Succeeded Outcome = 1
	// Declined: the provider refused, and did nothing.
	Declined Outcome = 2
	// Unknown: no answer came. The provider may have acted, so the same request is
	// repeated under the same key until it answers; nothing is guessed.
	Unknown Outcome = 3
	// Pending: the provider has not decided yet, and is polled for how it stands.
	Pending Outcome = 4
	// Opened: the provider knows of the charge under an id and has moved nothing. The
	// money is requested once the id is stored. It does not count as an attempt.
	Opened Outcome = 5
)

// Answer is what came of one request to the provider, for a payment or a refund.
type Answer struct {
	Outcome Outcome
	// ProviderID is the provider's id of what it did or has before it; empty when
	// Declined or Unknown.
	ProviderID string
	// Detail is the provider's code when Declined, what it waits for when Pending, and
	// what went wrong when Unknown.
	Detail string
	// Waits is what a charge waits for when Pending.
	Waits PendingReason
	// Start and End are when it was called and when the outcome was known.
	Start, End time.Time
	// Lease is until when the request was its maker's alone: when the payment or refund was
	// due while it was made.
	Lease time.Time
	// Trace is the traceparent of the request, and TraceID its trace's id; both may be
	// empty.
	Trace, TraceID string
}

// Attempt is one request to the provider, as it is kept.
type Attempt struct {
	// Subject is the payment or the refund.
	Subject uuid.UUID
	// Number counts the attempts of the subject, from 1.
	Number  int32
	Outcome Outcome
	Detail  string
	Start   time.Time
	End     time.Time
	// TraceID is 32 hex digits, or empty.
	TraceID string
}

func (a Answer) attempt(subject uuid.UUID, number int32) Attempt {
	return Attempt{
		Subject: subject, Number: number, Outcome: a.Outcome, Detail: cut(a.Detail, MaxDetail),
		Start: a.Start, End: a.End, TraceID: a.TraceID,
	}
}
