package peers

import (
	"sync"
	"time"
)

// maxCounts bounds the filters whose counts are kept: visitors choose them.
const maxCounts = 1000

// counts are how many products fit a filter, as they were counted last. Counting reads all that
// it counts, and every page of a list tells the number.
type counts struct {
	now func() time.Time

	mu       sync.Mutex
	byFilter map[string]counted
}

type counted struct {
	total int
	at    time.Time
}

// of returns how many products fit a filter; false where nobody counted them of late.
func (c *counts) of(filter string) (total int, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, ok := c.byFilter[filter]
	return last.total, ok && c.now().Sub(last.at) < kept
}

// keep keeps a count.
func (c *counts) keep(filter string, total int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.byFilter) >= maxCounts {
		clear(c.byFilter) // rare, and all of them are counted again within seconds anyway
	}
	if c.byFilter == nil {
		c.byFilter = make(map[string]counted)
	}
	c.byFilter[filter] = counted{total, c.now()}
}
