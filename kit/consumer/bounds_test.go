package consumer

import "time"

// WithBounds has a test see a batch given back without waiting half a minute for it.
func (c *Consumer) WithBounds(attempt, batch time.Duration) *Consumer {
	c.bounds = bounds{attempt, batch}
	return c
}
