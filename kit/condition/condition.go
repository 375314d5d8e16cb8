// Package condition records what is wrong for a time, such as a database that can't be
// reached. A condition is logged when it begins, once a minute while it lasts, when its
// cause changes, and when it ends, however often it is noted in between. Readiness and
// status read it with Err.
package condition

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// interval is how often a condition that lasts is logged again.
	interval = time.Minute
	// calm is how long a condition must have been over to count as a new one. One that
	// comes and goes is not logged each time.
	calm = 10 * time.Second
)

// Condition is one thing that can go wrong. Its methods can be called from anywhere.
type Condition struct {
	log     *slog.Logger
	message string

	active atomic.Bool // cause != nil

	mu      sync.Mutex
	cause   error
	since   time.Time // when it began
	last    time.Time // when it was noted last
	over    time.Time // when it ended last
	logged  time.Time // when it was logged last
	text    string    // the cause that was logged then
	changed bool      // another cause was logged since
	silent  int       // how often it was noted since, without a log line
}

// New makes a condition that is logged with message. The message names what is wrong and
// what follows from it: "events wait for the broker". A nil log is slog.Default.
func New(log *slog.Logger, message string) *Condition {
	if log == nil {
		log = slog.Default()
	}
	return &Condition{log: log, message: message}
}

// Note records that it goes wrong, and why. attrs are added to the log line.
func (c *Condition) Note(ctx context.Context, cause error, attrs ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.cause == nil {
		c.since = now
		if now.Sub(c.over) > calm {
			c.logged = time.Time{}
		}
	}
	c.cause, c.last = cause, now
	c.active.Store(true)
	c.silent++
	// The first cause is often just a broken connection; the next one shows why no new
	// connection can be made. So the first change of the cause is logged at once.
	early := now.Sub(c.logged) < interval
	if early && (c.changed || cause.Error() == c.text) {
		return
	}
	attrs = append(attrs, "error", cause.Error())
	if c.silent > 1 {
		attrs = append(attrs, "times", c.silent, "since", c.since)
	}
	if !early {
		c.logged = now
	}
	c.text, c.changed, c.silent = cause.Error(), early, 0
	c.log.WarnContext(ctx, c.message, attrs...)
}

// Over ends the condition. It costs next to nothing when there is none.
func (c *Condition) Over(ctx context.Context) {
	if !c.active.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == nil {
		return
	}
	now := time.Now()
	if c.logged.After(c.since) || c.logged.Equal(c.since) {
		c.log.InfoContext(ctx, "it is over: "+c.message, "after", now.Sub(c.since).Round(time.Millisecond).String())
	}
	c.cause, c.over, c.silent = nil, now, 0
	c.active.Store(false)
}

// Notice is Note for an error and Over for nil. An error that comes because ctx ended
// changes nothing.
func (c *Condition) Notice(ctx context.Context, err error) {
	switch {
	case err == nil:
		c.Over(ctx)
	case ctx.Err() == nil:
		c.Note(ctx, err)
	}
}

// OverAfter ends the condition when it was not noted for the time quiet.
func (c *Condition) OverAfter(ctx context.Context, quiet time.Duration) {
	if !c.active.Load() {
		return
	}
	c.mu.Lock()
	gone := time.Since(c.last) >= quiet
	c.mu.Unlock()
	if gone {
		c.Over(ctx)
	}
}

// Err returns the message with the latest cause once the condition has lasted longer
// than the time given, and nil otherwise.
func (c *Condition) Err(longer time.Duration) error {
	if !c.active.Load() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == nil || time.Since(c.since) < longer {
		return nil
	}
	return fmt.Errorf("%s: %w", c.message, c.cause)
}
