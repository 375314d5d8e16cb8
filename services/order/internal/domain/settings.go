package domain

import "time"

// Settings are what the owner set for orders.
type Settings struct {
	// PaymentWindow is how long an order may wait for its payment.
	PaymentWindow time.Duration
	// MaxUnpaid is how many unpaid orders a customer or guest may have at once.
	MaxUnpaid int
	// PaymentMethods are those offered.
	PaymentMethods []string
	Retry          RetryPolicy
	// IdempotencyRetention is how long answers are kept for requests that come again,
	// EventRetention how long a broker keeps what this context says.
	IdempotencyRetention, EventRetention time.Duration
}
