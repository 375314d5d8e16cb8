package domain

import (
	"strings"
	"time"
)

// Settings are what an owner may set.
type Settings struct {
	ShopName string
	// Sender is the address that mails come from; ReplyTo the one that answers go to.
	Sender, ReplyTo string
	RetryPolicy     RetryPolicy
	// BodyRetention is how long the texts of delivered mails are kept, EventRetention
	// how long a broker keeps what this context publishes.
	BodyRetention, EventRetention time.Duration
}

// Domain is the sender address' domain: the right side of Message-IDs.
func (s Settings) Domain() string {
	return s.Sender[strings.LastIndexByte(s.Sender, '@')+1:]
}
