// Package loglimit keeps repeated lines of a log to one a minute: a server that does
// not start, or a disk that is full, logs the same with every attempt.
package loglimit

import (
	"strings"
	"sync"
	"time"
)

const (
	interval = time.Minute
	// maxLines bounds what is remembered.
	maxLines = 200
)

// Limiter remembers the lines of the last minute. The zero value is ready.
type Limiter struct {
	mu     sync.Mutex
	logged map[string]time.Time
}

// Repeated reports whether the line was passed within the last minute already, not
// counting digits. A nil limiter remembers nothing.
func (l *Limiter) Repeated(line string) bool {
	if l == nil {
		return false
	}
	key := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, line)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if at, known := l.logged[key]; known && now.Sub(at) < interval {
		return true
	}
	if l.logged == nil || len(l.logged) >= maxLines {
		l.logged = make(map[string]time.Time)
	}
	l.logged[key] = now
	return false
}
