package domain

import "time"

// Settings are what an owner set.
type Settings struct {
	// LowStockThreshold is the most that counts as low when a list is not told.
	LowStockThreshold int64
	// LevelInterval is how often changed levels are announced at the most.
	LevelInterval time.Duration
	// IdempotencyRetention is how long answers are kept for requests that come again,
	// EventRetention how long a broker keeps what this context says.
	IdempotencyRetention, EventRetention time.Duration
}
