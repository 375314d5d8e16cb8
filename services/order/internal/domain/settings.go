package domain

import "time"

// Settings are what the owner set for orders.
type Settings struct {
	// MaxUnpaid is how many unpaid orders a customer or guest may have at once.
	MaxUnpaid int
	// PaymentMethods are those offered.
	PaymentMethods PaymentMethods
	Retry          RetryPolicy
	// IdempotencyRetention is how long answers are kept for requests that come again,
	// EventRetention how long a broker keeps what this context publishes.
	IdempotencyRetention, EventRetention time.Duration
	// HandlingTime is how long a confirmed order may wait for being shipped until it is
	// overdue.
	HandlingTime time.Duration
}

// Policy is what decides about an order that waits.
type Policy struct {
	Retry RetryPolicy
	// Methods are how long a payment may be in process.
	Methods PaymentMethods
}

// Policy returns the settings that decisions about waiting orders need.
func (s Settings) Policy() Policy { return Policy{Retry: s.Retry, Methods: s.PaymentMethods} }

// LongestUnpaid is how long an order can be unpaid before it expires.
func (s Settings) LongestUnpaid() time.Duration {
	longest := time.Duration(0)
	for _, method := range s.PaymentMethods {
		longest = max(longest, method.Window, method.Processing)
	}
	return longest
}
