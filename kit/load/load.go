// Package load sheds the calls that can't be answered in time, so that those that are
// taken keep their latency however many come.
package load

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/kit/fault"
)

// Limits bound the unary calls of a process that come from outside.
type Limits struct {
	// Calls is how many may be here at once, those included whose request is still
	// being read: what it costs in memory.
	Calls int
	// InWork is how many are in work at once. More of them would only wait for each
	// other, inside: for a connection to the database, or for the processor.
	InWork int
	// Burst is how long a call waits for its turn when others have only begun to wait.
	Burst time.Duration
	// Standing is how long it waits when the queue has not been empty for Burst.
	Standing time.Duration
}

// DefaultLimits returns the limits of a process that owns its machine or its
// container: 256 calls in work are two full batches of orders, which is what the
// database takes at once; more make no call quicker. A burst may wait a tenth of a
// second. Once a queue stands, waiting is no use to anybody: calls get 20 ms, enough
// for the next ones in the queue, and the others hear at once when to come again.
func DefaultLimits() Limits {
	return Limits{Calls: 2048, InWork: 256, Burst: 100 * time.Millisecond, Standing: 20 * time.Millisecond}
}

// Limiter sheds calls that can't be answered in time, so that those that are taken keep
// their latency however many come. A call that is shed gets RESOURCE_EXHAUSTED with
// the reason TOO_MANY_CALLS and a delay after which to come again; nothing was done.
//
// A call takes a place when its request is read, not before: a client that sends
// slowly holds none of the places in work. Streams have bounds of their own; health,
// reflection and calls within the process, which are part of a call that has its
// place already, pass.
type Limiter struct {
	limits    Limits
	condition *condition.Condition

	calls atomic.Int64
	busy  atomic.Int64
	// waiting is the length of queue. Whoever leaves reads it after giving the place
	// back, and whoever comes sets it before trying for one: one of the two sees the
	// other, so that no place stays free while somebody waits.
	waiting atomic.Int64

	mu    sync.Mutex
	queue []*waiter
	since time.Time // when the queue was last empty
}

// waiter is a call that waits for its turn.
type waiter struct{ turn chan struct{} } // closed when it has come

// New returns a Limiter for the servers of one process; each limit must be positive.
func New(limits Limits, log *slog.Logger) *Limiter {
	return &Limiter{limits: limits, condition: condition.New(log, "calls are shed")}
}

// Condition says that calls are being shed, and nil when none was for some seconds. The
// log hears of the end when this is asked.
func (l *Limiter) Condition(ctx context.Context) error {
	l.condition.OverAfter(ctx, 5*time.Second)
	return l.condition.Err(0)
}

// Begin counts a call that comes, or refuses it; End must follow either way.
func (l *Limiter) Begin(ctx context.Context) error {
	if l.calls.Add(1) > int64(l.limits.Calls) {
		return l.refuse(ctx)
	}
	return nil
}

// End ends what Begin began.
func (l *Limiter) End() { l.calls.Add(-1) }

// Enter takes a place, or waits for one as long as the queue's state allows.
func (l *Limiter) Enter(ctx context.Context) error {
	if l.waiting.Load() == 0 && l.take() {
		return nil
	}
	mine, patience := l.line()
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
		return nil // its turn came at the same moment
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return l.refuse(ctx)
}

// take takes a place when one is free.
func (l *Limiter) take() bool {
	for {
		n := l.busy.Load()
		if n >= int64(l.limits.InWork) {
			return false
		}
		if l.busy.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// line puts a call at the end of the queue and says how long it may stay there; it
// returns nil when a place is free after all.
func (l *Limiter) line() (*waiter, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if len(l.queue) == 0 {
		l.since = now
	}
	l.waiting.Store(int64(len(l.queue) + 1))
	if len(l.queue) == 0 && l.take() {
		l.waiting.Store(0)
		return nil, 0
	}
	mine := &waiter{turn: make(chan struct{})}
	l.queue = append(l.queue, mine)
	if now.Sub(l.since) > l.limits.Burst {
		return mine, l.limits.Standing
	}
	return mine, l.limits.Burst
}

// Leave gives a place back, to the first who waits.
func (l *Limiter) Leave() {
	l.busy.Add(-1)
	if l.waiting.Load() == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) > 0 && l.take() {
		close(l.queue[0].turn)
		l.remove(0)
	}
}

// withdraw takes a call out of the queue; it reports false when its turn has come.
func (l *Limiter) withdraw(mine *waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, other := range l.queue {
		if other == mine {
			l.remove(i)
			return true
		}
	}
	return false
}

func (l *Limiter) remove(i int) {
	copy(l.queue[i:], l.queue[i+1:])
	l.queue[len(l.queue)-1] = nil
	l.queue = l.queue[:len(l.queue)-1]
	l.waiting.Store(int64(len(l.queue)))
}

var errTooManyCalls = errors.New("more come than can be answered in time: add replicas, or find out who calls")

func (l *Limiter) refuse(ctx context.Context) error {
	l.condition.Note(ctx, errTooManyCalls)
	return fault.New(fault.Exhausted, fault.ReasonTooManyCalls,
		"the server has more calls than it can answer in time, and did nothing with this one: try again after the delay").
		RetryAbout(time.Second)
}
