package domain

import "time"

// Settings are what the owner may set for identity.
type Settings struct {
	// SigningKeyPeriod is how long a key signs before another follows.
	SigningKeyPeriod time.Duration
}
