package domain

import "time"

// Settings are what an owner may set for mails.
type Settings struct {
	RetryPolicy RetryPolicy
	// BodyRetention is how long the texts of delivered mails are kept, EventRetention
	// how long a broker keeps what this context publishes.
	BodyRetention, EventRetention time.Duration
}
