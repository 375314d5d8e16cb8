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

// supervisor starts runners and starts each again that fails.
type supervisor struct {
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
	// logged is the failure that was logged last, and loggedAt is when.
	logged   string
	loggedAt time.Time
}

// shouldLog reports whether a failure is to be logged: the same one is, once a minute.
func (m *member) shouldLog(err error) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.logged == err.Error() && time.Since(m.loggedAt) < time.Minute {
		return false
	}
	m.logged, m.loggedAt = err.Error(), time.Now()
	return true
}

func newSupervisor(log *slog.Logger) *supervisor {
	ctx, cancel := context.WithCancel(context.Background())
	return &supervisor{log: log, ctx: ctx, end: cancel}
}

func (s *supervisor) start(context string, runner Runner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	m := &member{context: context, name: runner.Name}
	s.members = append(s.members, m)
	s.working.Go(func() { s.keep(m, runner) })
}

// keep runs a runner again whenever it ends.
func (s *supervisor) keep(m *member, runner Runner) {
	pause := newBackoff()
	for {
		started := time.Now()
		err := runSafely(s.ctx, runner)
		if s.ctx.Err() != nil {
			if err != nil && !errors.Is(err, context.Canceled) {
				s.log.Warn("a worker ended with an error", "context", m.context, "worker", m.name, "error", err.Error())
			}
			return
		}
		if err == nil {
			err = errors.New("it ended by itself")
		}
		if m.shouldLog(err) {
			s.log.Error("a worker failed and is started again", "context", m.context, "worker", m.name, "error", err.Error())
		}
		m.set(err)
		if time.Since(started) > time.Minute {
			pause = newBackoff()
		}
		if !pause.wait(s.ctx) {
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
func (s *supervisor) of(context string) []*member {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.members), func(m *member) bool { return m.context != context })
}

// stop ends all runners and waits for them, until ctx ends.
func (s *supervisor) stop(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.end()
	done := make(chan struct{})
	go func() {
		s.working.Wait()
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
