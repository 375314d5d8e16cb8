package domain

import "time"

// Settings are what an owner set.
type Settings struct {
	// LowStockThreshold is the most that counts as low by default.
	LowStockThreshold int64
	// LevelInterval is how often changed levels are published at the most.
	LevelInterval time.Duration
	// IdempotencyRetention is how long answers are kept for requests that come again,
	// EventRetention how long a broker keeps what this context publishes.
	IdempotencyRetention, EventRetention time.Duration
}
