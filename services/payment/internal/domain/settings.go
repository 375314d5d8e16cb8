package domain

import "time"

// leaseMargin is how long a payment or refund may wait in the process that stored
// it before its first attempt, on top of the attempt's own time.
const leaseMargin = 5 * time.Second

// Settings are the owner's.
type Settings struct {
	// ProviderTimeout is how long an answer is waited for.
	ProviderTimeout time.Duration
	// RetryAfter is how soon an unknown outcome is requested again.
	RetryAfter time.Duration
	// ReconcileInterval is how often a provider's list of events is read.
	ReconcileInterval time.Duration
	// SandboxSlowDelay is how long the sandbox takes for sandbox_slow.
	SandboxSlowDelay time.Duration
	// ReturnURL is where a customer's browser returns to from a bank's page; empty for
	// nowhere.
	ReturnURL string
	// IdempotencyRetention is how long answers are kept for requests that come again,
	// EventRetention how long a broker keeps what this context publishes.
	IdempotencyRetention, EventRetention time.Duration
}

// Lease is how long a process may keep a payment or refund to itself.
func (s Settings) Lease() time.Duration { return s.ProviderTimeout + leaseMargin }
