// Package load bounds how many calls a process works on at once, in all and for each
// client, and refuses those that can't be answered in time. So the calls that are taken
// keep their latency under any load, and one client can't take the places of the others.
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

// Limiter counts calls, in all and of each client, and sheds those beyond its limits. A
// call that is shed gets RESOURCE_EXHAUSTED with the reason TOO_MANY_CALLS and a delay
// after which to try again; it had no effect.
type Limiter struct {
	bounds    [stages]Bound
	burst     time.Duration
	standing  time.Duration
	condition *condition.Condition
	counts    counts

	mu        sync.Mutex
	addresses map[string]*address
	sweepAt   int        // how many addresses are too many to keep those that have gone
	waiting   []*address // those of which calls wait for their turn
}

// counts are the calls at each stage, and the bytes of unsent replies.
type counts [stages]atomic.Int64

// address is a client's address, with what comes of it.
type address struct {
	counts counts
	// The fields below are guarded by the limiter's mu.
	connections int
	queue       []*waiter
	since       time.Time // when the queue was last empty
}

// Connection is a client's connection.
type Connection struct {
	limiter *Limiter
	address *address
	counts  counts
}

// New returns a Limiter for the servers of one process; each limit must be positive.
func New(limits Limits, log *slog.Logger) *Limiter {
	l := &Limiter{
		burst: limits.Burst, standing: limits.Standing, addresses: make(map[string]*address), sweepAt: minSweep,
		condition: condition.New(log, "calls are shed"),
	}
	for s := range stages {
		l.bounds[s] = limits.of(s)
	}
	return l
}

// Condition reports that calls are being shed, and nil when none was for some seconds. The
// log shows the end when this is called.
func (l *Limiter) Condition(ctx context.Context) error {
	l.condition.OverAfter(ctx, 5*time.Second)
	return l.condition.Err(0)
}

// Connect notes a connection from an address, which has no port. Close it once.
func (l *Limiter) Connect(from string) *Connection {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.addresses) >= l.sweepAt {
		l.sweep()
	}
	a := l.addresses[from]
	if a == nil {
		a = &address{}
		l.addresses[from] = a
	}
	a.connections++
	return &Connection{limiter: l, address: a}
}

// Close forgets the connection. Calls that came on it may still end; they count for the
// address until then, so that closing connections is no way to have more of them.
func (c *Connection) Close() {
	c.limiter.mu.Lock()
	defer c.limiter.mu.Unlock()
	c.address.connections--
}

// sweep forgets the addresses of which nothing is left.
func (l *Limiter) sweep() {
	for name, a := range l.addresses {
		left := int64(a.connections)
		for s := range stages {
			left += a.counts[s].Load()
		}
		if left == 0 {
			delete(l.addresses, name)
		}
	}
	l.sweepAt = max(minSweep, 2*len(l.addresses))
}

// minSweep is how many addresses are known before those are forgotten that have gone.
const minSweep = 4096

// add counts n more at a stage, or reports false and counts nothing when that is beyond
// a bound.
func (c *Connection) add(s stage, n int64) bool {
	bound := &c.limiter.bounds[s]
	if c.counts[s].Add(n) > int64(bound.PerConnection) {
		c.counts[s].Add(-n)
		return false
	}
	if c.address.counts[s].Add(n) > int64(bound.PerAddress) {
		c.counts[s].Add(-n)
		c.address.counts[s].Add(-n)
		return false
	}
	if c.limiter.counts[s].Add(n) > int64(bound.All) {
		c.remove(s, n)
		return false
	}
	return true
}

func (c *Connection) remove(s stage, n int64) {
	c.counts[s].Add(-n)
	c.address.counts[s].Add(-n)
	c.limiter.counts[s].Add(-n)
}

// full reports whether nothing more fits at a stage.
func (c *Connection) full(s stage) bool {
	bound := &c.limiter.bounds[s]
	return c.counts[s].Load() >= int64(bound.PerConnection) || c.address.counts[s].Load() >= int64(bound.PerAddress) ||
		c.limiter.counts[s].Load() >= int64(bound.All)
}

// Call is a call of a client, from its first byte to the last of its reply.
type Call struct {
	connection *Connection

	mu    sync.Mutex
	at    stage // unsent when it is counted nowhere
	ended bool
}

// Begin counts a call that begins to arrive. End must follow when it is let in.
func (c *Connection) Begin(ctx context.Context) (*Call, error) {
	if !c.add(receiving, 1) {
		return nil, c.limiter.refuse(ctx, errReceiving)
	}
	return &Call{connection: c, at: receiving}, nil
}

// Work takes a place in work, now that the whole request is there, or waits for one as
// long as the queue's state allows.
func (c *Call) Work(ctx context.Context) error {
	c.move(unsent)
	conn := c.connection
	if conn.full(writing) || conn.full(unsent) {
		return conn.limiter.refuse(ctx, errUnread)
	}
	if err := conn.limiter.enter(ctx, conn); err != nil {
		return err
	}
	c.mu.Lock()
	ended := c.ended
	if !ended {
		c.at = inWork
	}
	c.mu.Unlock()
	if ended { // its client has gone
		conn.remove(inWork, 1)
		conn.limiter.next()
	}
	return nil
}

// Reply gives the place in work back: the handler is done, and its reply is to be sent.
func (c *Call) Reply() { c.move(writing) }

// Stream counts the call no longer: it is a stream, which has bounds of its own.
func (c *Call) Stream() { c.move(unsent) }

// End ends the call at whichever stage it is.
func (c *Call) End() {
	c.move(unsent)
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
}

// move counts the call at another stage; only one in work gets to writing. The bounds of
// writing hold when a call is let in: a reply that is there is sent.
func (c *Call) move(to stage) {
	c.mu.Lock()
	from := c.at
	if from == unsent || from == to || (to == writing && from != inWork) {
		c.mu.Unlock()
		return
	}
	c.at = to
	c.mu.Unlock()
	if to == writing {
		c.connection.counts[writing].Add(1)
		c.connection.address.counts[writing].Add(1)
		c.connection.limiter.counts[writing].Add(1)
	}
	c.connection.remove(from, 1)
	if from == inWork {
		c.connection.limiter.next()
	}
}

// Hold counts bytes of a reply that are about to be sent; Sent must follow. It reports
// false, and counts nothing, when the client leaves too much unread: the reply must be
// given up.
func (c *Call) Hold(bytes int) bool {
	if !c.connection.add(unsent, int64(bytes)) {
		c.connection.limiter.condition.Note(context.Background(), errUnread)
		return false
	}
	return true
}

// Sent counts what Hold has counted no longer.
func (c *Call) Sent(bytes int) { c.connection.remove(unsent, int64(bytes)) }

var (
	errTooManyCalls = errors.New("more come than can be answered in time: add replicas, or find out who calls")
	errReceiving    = errors.New("more requests arrive at once than may: find out who sends them, and how slowly")
	errUnread       = errors.New("a client leaves its replies unread: find out which")
)

func (l *Limiter) refuse(ctx context.Context, cause error) error {
	l.condition.Note(ctx, cause)
	text := "the server has more calls than it can answer in time, and did nothing with this one: try again after the delay"
	if errors.Is(cause, errUnread) {
		text = "too many replies to this client are unread, and nothing was done: read them first"
	}
	return fault.New(fault.Exhausted, fault.ReasonTooManyCalls, "").WithMessage(text).RetryAbout(time.Second)
}
