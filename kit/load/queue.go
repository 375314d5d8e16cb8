package load

import (
	"context"
	"slices"
	"time"
)

// waiter is a call that waits for its turn.
type waiter struct {
	connection *Connection
	turn       chan struct{} // closed when it has come
}

// enter takes a place in work, or waits for one.
func (l *Limiter) enter(ctx context.Context, c *Connection) error {
	// Calls of one address are taken in their order.
	if c.address.counts[waiting].Load() == 0 && c.add(inWork, 1) {
		return nil
	}
	if !c.add(waiting, 1) {
		l.next() // see line
		return l.refuse(ctx, errTooManyCalls)
	}
	defer c.remove(waiting, 1)
	mine, patience := l.line(c)
	if mine == nil {
		return nil
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-mine.turn:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	if !l.withdraw(mine) {
		return nil // its turn came at the same time
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return l.refuse(ctx, errTooManyCalls)
}

// line puts a call at the end of its address's queue and returns how long it may stay
// there, or nil when it got a place at once.
//
// No place stays free while a call waits for one: a call that ends gives its place back
// before it looks for waiting calls, and a new call is counted as waiting before it looks
// for a place. A call that found none looks for the others, too, because its own count
// may have kept one of them from a place meanwhile.
func (l *Limiter) line(c *Connection) (*waiter, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, a := time.Now(), c.address
	if len(a.queue) == 0 {
		a.since = now
		l.waiting = append(l.waiting, a)
	}
	mine := &waiter{c, make(chan struct{})}
	a.queue = append(a.queue, mine)
	l.drain()
	select {
	case <-mine.turn:
		return nil, 0
	default:
	}
	if now.Sub(a.since) > l.burst {
		return mine, l.standing
	}
	return mine, l.burst
}

// next gives free places to those who wait.
func (l *Limiter) next() {
	if l.counts[waiting].Load() == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drain()
}

// drain gives each free place to the address that has the fewest in work, so that each
// gets its share, and there to the call that came first.
func (l *Limiter) drain() {
	for len(l.waiting) > 0 && l.counts[inWork].Load() < int64(l.bounds[inWork].All) {
		if len(l.waiting) > 1 {
			slices.SortStableFunc(l.waiting, func(a, b *address) int {
				return int(a.counts[inWork].Load() - b.counts[inWork].Load())
			})
		}
		if !slices.ContainsFunc(l.waiting, l.takeOne) {
			return
		}
	}
}

// takeOne takes the first call of an address that may be in work.
func (l *Limiter) takeOne(a *address) bool {
	for i, w := range a.queue {
		if a.counts[inWork].Load() >= int64(l.bounds[inWork].PerAddress) {
			return false
		}
		if w.connection.add(inWork, 1) {
			close(w.turn)
			l.removeAt(a, i)
			return true
		}
	}
	return false
}

// withdraw takes a call out of the queue; it reports false when its turn has come.
func (l *Limiter) withdraw(mine *waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := mine.connection.address
	i := slices.Index(a.queue, mine)
	if i < 0 {
		return false
	}
	l.removeAt(a, i)
	return true
}

func (l *Limiter) removeAt(a *address, i int) {
	a.queue = slices.Delete(a.queue, i, i+1)
	if len(a.queue) == 0 {
		i := slices.Index(l.waiting, a)
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
}
