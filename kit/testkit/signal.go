package testkit

import (
	"context"
	"sync"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Signal wakes a test when the code under test did something. The zero value is ready
// for use, by any goroutine.
type Signal struct {
	mu      sync.Mutex
	changed chan struct{} // closed by Raise; nil when nobody waits
}

// Raise wakes everybody who waits.
func (s *Signal) Raise() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// Wait returns when cond is true, and fails the test unless that is so within Patience. It
// evaluates cond at once and after each Raise, from the test's goroutine. what completes the
// sentence "waited in vain until …".
func (s *Signal) Wait(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	for {
		changed := s.next() // before cond: no Raise in between is missed
		if cond() {
			return
		}
		select {
		case <-deadline.C:
			tb.Fatalf("waited in vain until %s (%v)", what, Patience)
		case <-changed:
		}
	}
}

func (s *Signal) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

// Tracer returns a provider each of whose spans raises the signal when it ends. A
// consumer has a span for each transaction.
func (s *Signal) Tracer() trace.TracerProvider {
	return sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.AlwaysSample()), sdktrace.WithSpanProcessor(spans{s}))
}

// spans raises a signal when a span ends.
type spans struct{ ended *Signal }

func (spans) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (s spans) OnEnd(sdktrace.ReadOnlySpan)                   { s.ended.Raise() }
func (spans) Shutdown(context.Context) error                  { return nil }
func (spans) ForceFlush(context.Context) error                { return nil }
