package app

import (
	"bytes"
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// Levels collects the products whose stock changed in this process and was not
// published yet. It lives in memory: after a crash the reconciling pass finds what
// was in it.
type Levels struct {
	mu sync.Mutex
	// scarce are products of which few are left, or were; plenty are the others.
	scarce, plenty map[uuid.UUID]struct{}
}

// NewLevels returns an empty collection.
func NewLevels() *Levels {
	return &Levels{scarce: map[uuid.UUID]struct{}{}, plenty: map[uuid.UUID]struct{}{}}
}

// Add notes that the stock of products changed of which few are left, or were.
func (l *Levels) Add(ids ...uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		l.scarce[id] = struct{}{}
	}
}

// AddPlenty notes that the stock of products changed of which there is plenty.
func (l *Levels) AddPlenty(ids ...uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		l.plenty[id] = struct{}{}
	}
}

// take empties the collection of scarce products, or of all, and returns it, sorted.
func (l *Levels) take(all bool) []uuid.UUID {
	l.mu.Lock()
	defer l.mu.Unlock()
	if all {
		maps.Copy(l.scarce, l.plenty)
		clear(l.plenty)
	}
	ids := make([]uuid.UUID, 0, len(l.scarce))
	for id := range l.scarce {
		ids = append(ids, id)
	}
	clear(l.scarce)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}
