package embedded

import (
	"strings"
	"sync"
	"time"
)

// quiet keeps lines that say the same, but for their numbers, to one a minute: a server that does not start, or a
// disk that is full, says so with every attempt.
type quiet struct {
	mu   sync.Mutex
	said map[string]time.Time
}

const (
	quietFor = time.Minute
	// quietLines bounds what is remembered.
	quietLines = 200
)

// again reports whether the line was said within the last minute. A nil quiet remembers nothing.
func (q *quiet) again(line string) bool {
	if q == nil {
		return false
	}
	key := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, line)
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if at, known := q.said[key]; known && now.Sub(at) < quietFor {
		return true
	}
	if q.said == nil || len(q.said) >= quietLines {
		q.said = make(map[string]time.Time)
	}
	q.said[key] = now
	return false
}
