package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// crew keeps runners running.
type crew struct {
	log *slog.Logger
	ctx context.Context //nolint:containedctx // the runners' own, ended by stop
	end context.CancelFunc

	working sync.WaitGroup
	mu      sync.Mutex
	stopped bool
	members []*member
}

// member is a runner and how it fares.
type member struct {
	context, name string

	mu    sync.Mutex
	cause error
	// told and said are when the log last heard of it, and what.
	told time.Time
	said string
}

// mustTell says whether the log should hear of a failure: of the same one it does once
// a minute.
func (m *member) mustTell(err error) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.said == err.Error() && time.Since(m.told) < time.Minute {
		return false
	}
	m.told, m.said = time.Now(), err.Error()
	return true
}

func newCrew(log *slog.Logger) *crew {
	ctx, cancel := context.WithCancel(context.Background())
	return &crew{log: log, ctx: ctx, end: cancel}
}

func (c *crew) start(context string, runner Runner) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return
	}
	m := &member{context: context, name: runner.Name}
	c.members = append(c.members, m)
	c.working.Go(func() { c.keep(m, runner) })
}

// keep runs a runner again whenever it ends.
func (c *crew) keep(m *member, runner Runner) {
	pause := newBackoff()
	for {
		started := time.Now()
		err := runSafely(c.ctx, runner)
		if c.ctx.Err() != nil {
			if err != nil && !errors.Is(err, context.Canceled) {
				c.log.Warn("a worker ended with an error", "context", m.context, "worker", m.name, "error", err.Error())
			}
			return
		}
		if err == nil {
			err = errors.New("it ended by itself")
		}
		if m.mustTell(err) {
			c.log.Error("a worker failed and is started again", "context", m.context, "worker", m.name, "error", err.Error())
		}
		m.set(err)
		if time.Since(started) > time.Minute {
			pause = newBackoff()
		}
		if !pause.wait(c.ctx) {
			return
		}
		m.set(nil)
	}
}

func runSafely(ctx context.Context, runner Runner) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v\n%s", value, debug.Stack())
		}
	}()
	return runner.Run(ctx)
}

func (m *member) set(cause error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cause = cause
}

func (m *member) get() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cause
}

// of returns the runners of a context.
func (c *crew) of(context string) []*member {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.members), func(m *member) bool { return m.context != context })
}

// stop ends all runners and waits for them, until ctx ends.
func (c *crew) stop(ctx context.Context) error {
	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
	c.end()
	done := make(chan struct{})
	go func() {
		c.working.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the workers: %w", ctx.Err())
	}
}

// backoff is a pause that doubles from 100 ms to 5 s.
type backoff struct{ next time.Duration }

func newBackoff() *backoff { return &backoff{next: 100 * time.Millisecond} }

// wait pauses; it reports false when ctx ended.
func (b *backoff) wait(ctx context.Context) bool {
	timer := time.NewTimer(b.next)
	defer timer.Stop()
	b.next = min(2*b.next, 5*time.Second)
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
