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
}

// Lease is how long a process may keep a payment or refund to itself.
func (s Settings) Lease() time.Duration { return s.ProviderTimeout + leaseMargin }
