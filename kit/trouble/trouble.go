// Package trouble tells of what goes wrong for a while: to the log when it begins,
// each minute while it lasts, once a minute when its cause is another one, and when it
// ends, however often it is noticed meanwhile; and to whoever asks, for readiness and status.
package trouble

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// interval is how often a trouble that lasts is told again.
	interval = time.Minute
	// calm is how long a trouble must have been over to count as another when it
	// comes again: one that comes and goes is not told each time.
	calm = 10 * time.Second
)

// Trouble is one thing that can go wrong. Its methods can be called from anywhere.
type Trouble struct {
	log     *slog.Logger
	message string

	active atomic.Bool // cause != nil

	mu     sync.Mutex
	cause  error
	since  time.Time // when it began
	last   time.Time // when it was noticed last
	over   time.Time // when it ended last
	told   time.Time // when the log last heard of it
	text   string    // what it heard then
	twice  bool      // it heard of another cause since
	unsaid int       // how often it was noticed since
}

// New makes a trouble that is told with message, which says what is wrong and what
// becomes of it: "events wait for the broker". A nil log is slog.Default.
func New(log *slog.Logger, message string) *Trouble {
	if log == nil {
		log = slog.Default()
	}
	return &Trouble{log: log, message: message}
}

// Note says that it goes wrong, and why. attrs are for the log's line.
func (t *Trouble) Note(ctx context.Context, cause error, attrs ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.cause == nil {
		t.since = now
		if now.Sub(t.over) > calm {
			t.told = time.Time{}
		}
	}
	t.cause, t.last = cause, now
	t.active.Store(true)
	t.unsaid++
	// What began with a connection that broke goes on with what keeps the next one
	// from coming about, which says more: one change of the cause is told at once.
	early := now.Sub(t.told) < interval
	if early && (t.twice || cause.Error() == t.text) {
		return
	}
	attrs = append(attrs, "error", cause.Error())
	if t.unsaid > 1 {
		attrs = append(attrs, "times", t.unsaid, "since", t.since)
	}
	if !early {
		t.told = now
	}
	t.text, t.twice, t.unsaid = cause.Error(), early, 0
	t.log.WarnContext(ctx, t.message, attrs...)
}

// Over says that it goes well. It costs next to nothing when it went well before.
func (t *Trouble) Over(ctx context.Context) {
	if !t.active.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cause == nil {
		return
	}
	now := time.Now()
	if t.told.After(t.since) || t.told.Equal(t.since) {
		t.log.InfoContext(ctx, "it is over: "+t.message, "after", now.Sub(t.since).Round(time.Millisecond).String())
	}
	t.cause, t.over, t.unsaid = nil, now, 0
	t.active.Store(false)
}

// Notice says that it went well or, when err is one, wrong. What fails because ctx ended
// is neither.
func (t *Trouble) Notice(ctx context.Context, err error) {
	switch {
	case err == nil:
		t.Over(ctx)
	case ctx.Err() == nil:
		t.Note(ctx, err)
	}
}

// OverAfter says that it goes well when it was not noticed for a while.
func (t *Trouble) OverAfter(ctx context.Context, quiet time.Duration) {
	if !t.active.Load() {
		return
	}
	t.mu.Lock()
	gone := time.Since(t.last) >= quiet
	t.mu.Unlock()
	if gone {
		t.Over(ctx)
	}
}

// Err is what is wrong, once it has lasted longer than the time given; nil when
// nothing is.
func (t *Trouble) Err(longer time.Duration) error {
	if !t.active.Load() {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cause == nil || time.Since(t.since) < longer {
		return nil
	}
	return fmt.Errorf("%s: %w", t.message, t.cause)
}
