package app

import (
	"bytes"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// Levels collects the products whose stock changed in this process and was not
// announced yet. It lives in memory: after a crash the reconciling pass finds what
// was in it.
type Levels struct {
	mu      sync.Mutex
	changed map[uuid.UUID]struct{}
}

// NewLevels returns an empty collection.
func NewLevels() *Levels { return &Levels{changed: map[uuid.UUID]struct{}{}} }

// Add notes that the stock of products changed.
func (l *Levels) Add(ids ...uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		l.changed[id] = struct{}{}
	}
}

// take empties the collection and returns it, sorted.
func (l *Levels) take() []uuid.UUID {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := make([]uuid.UUID, 0, len(l.changed))
	for id := range l.changed {
		ids = append(ids, id)
	}
	clear(l.changed)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}
