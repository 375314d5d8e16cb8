package app

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// changesPoll is how often watched settings are looked at when no call of this process
// changed them: another replica may have.
const changesPoll = 500 * time.Millisecond

// Changes wakes those who watch settings in this process, with one query for all of them.
type Changes struct {
	count func(context.Context) (int64, error)
	log   *slog.Logger
	wake  chan struct{} // size 1: a wake-up that waits stands for all

	mu       sync.Mutex
	watchers int
	next     chan struct{} // closed at the next change

	stop    context.CancelFunc
	running sync.WaitGroup
}

// NewChanges returns Changes that do not run yet. count returns how many versions there
// are.
func NewChanges(count func(context.Context) (int64, error), log *slog.Logger) *Changes {
	return &Changes{count: count, log: log, wake: make(chan struct{}, 1), next: make(chan struct{})}
}

// Start begins to look for changes.
func (c *Changes) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	c.stop = cancel
	c.running.Go(func() { c.run(ctx) })
}

// Stop returns when nothing runs any more.
func (c *Changes) Stop() {
	if c.stop != nil {
		c.stop()
	}
	c.running.Wait()
}

// Wake has those who watch look at once: a change was committed.
func (c *Changes) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Next returns a channel that is closed at the next change.
func (c *Changes) Next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

// watch counts somebody who watches until the returned function is called: without
// anybody, nothing is read.
func (c *Changes) watch() (end func()) {
	c.add(1)
	return func() { c.add(-1) }
}

func (c *Changes) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchers += n
}

func (c *Changes) watched() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.watchers > 0
}

func (c *Changes) run(ctx context.Context) {
	poll := time.NewTicker(changesPoll)
	defer poll.Stop()
	var known int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		case <-poll.C:
		}
		if !c.watched() {
			continue
		}
		count, err := c.count(ctx)
		switch {
		case err == nil && count != known:
			known = count
			c.broadcast()
		case err != nil && ctx.Err() == nil:
			c.log.WarnContext(ctx, "can't look for changed settings", "error", err.Error())
		}
	}
}

// broadcast wakes everybody who waits for the next change.
func (c *Changes) broadcast() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.next)
	c.next = make(chan struct{})
}
