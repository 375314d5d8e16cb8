package testkit

import (
	"sync"
	"testing"
	"time"
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

// Wait returns when cond is true, and fails the test unless that is so within the time
// given. It evaluates cond at once and after each Raise, from the test's goroutine. what
// completes the sentence "waited in vain until …".
func (s *Signal) Wait(tb testing.TB, within time.Duration, what string, cond func() bool) {
	tb.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	for {
		changed := s.next() // before cond: no Raise in between is missed
		if cond() {
			return
		}
		select {
		case <-deadline.C:
			tb.Fatalf("waited in vain until %s (%v)", what, within)
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
