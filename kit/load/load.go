package rpc

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/trouble"
)

// LoadLimits bound the unary calls of a process that come from outside.
type LoadLimits struct {
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

// DefaultLoadLimits returns the limits of a process that owns its machine or its
// container: 256 calls in work are two full batches of orders, which is what the
// database takes at once; more make no call quicker. A burst may wait a tenth of a
// second. Once a queue stands, waiting is no use to anybody: calls get 20 ms, enough
// for the next ones in the queue, and the others hear at once when to come again.
func DefaultLoadLimits() LoadLimits {
	return LoadLimits{Calls: 2048, InWork: 256, Burst: 100 * time.Millisecond, Standing: 20 * time.Millisecond}
}

// Load sheds calls that can't be answered in time, so that those that are taken keep
// their latency however many come. A call that is shed gets RESOURCE_EXHAUSTED with
// the reason TOO_MANY_CALLS and a delay after which to come again; nothing was done.
//
// A call takes a place when its request is read, not before: a client that sends
// slowly holds none of the places in work. Streams have bounds of their own; health,
// reflection and calls within the process, which are part of a call that has its
// place already, pass.
type Load struct {
	limits  LoadLimits
	trouble *trouble.Trouble

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

// NewLoad returns a Load for the servers of one process; each limit must be positive.
func NewLoad(limits LoadLimits, log *slog.Logger) *Load {
	return &Load{limits: limits, trouble: trouble.New(log, "calls are shed")}
}

// Trouble says that calls are being shed, and nil when none was for some seconds. The
// log hears of the end when this is asked.
func (l *Load) Trouble(ctx context.Context) error {
	l.trouble.OverAfter(ctx, 5*time.Second)
	return l.trouble.Err(0)
}

func (l *Load) intercept(next connect.ServerFunc) connect.ServerFunc {
	if l == nil {
		return next
	}
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		if spec.StreamType != connect.StreamTypeUnary || spec.Schema == nil ||
			strings.HasPrefix(spec.Procedure, "/grpc.") || originOf(ctx).door == doorInProcess {
			return next(ctx, spec, stream)
		}
		defer l.calls.Add(-1)
		if l.calls.Add(1) > int64(l.limits.Calls) {
			return l.refuse(ctx)
		}
		placed := &placedStream{ServerStream: stream, load: l, ctx: ctx}
		defer placed.leave()
		return next(ctx, spec, placed)
	}
}

// placedStream takes the call's place in work once its request is there.
type placedStream struct {
	connect.ServerStream

	load  *Load
	ctx   context.Context //nolint:containedctx // the call's own
	holds bool
}

func (s *placedStream) Receive(msg any) error {
	if err := s.ServerStream.Receive(msg); err != nil || s.holds {
		return err
	}
	if err := s.load.enter(s.ctx); err != nil {
		return err
	}
	s.holds = true
	return nil
}

func (s *placedStream) leave() {
	if s.holds {
		s.load.leave()
	}
}

// enter takes a place, or waits for one as long as the queue's state allows.
func (l *Load) enter(ctx context.Context) error {
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
func (l *Load) take() bool {
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
func (l *Load) line() (*waiter, time.Duration) {
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

// leave gives a place back, to the first who waits.
func (l *Load) leave() {
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
func (l *Load) withdraw(mine *waiter) bool {
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

func (l *Load) remove(i int) {
	copy(l.queue[i:], l.queue[i+1:])
	l.queue[len(l.queue)-1] = nil
	l.queue = l.queue[:len(l.queue)-1]
	l.waiting.Store(int64(len(l.queue)))
}

var errTooManyCalls = errors.New("more come than can be answered in time: add replicas, or find out who calls")

func (l *Load) refuse(ctx context.Context) error {
	l.trouble.Note(ctx, errTooManyCalls)
	return fault.New(fault.Exhausted, fault.ReasonTooManyCalls,
		"the server has more calls than it can answer in time, and did nothing with this one: try again after the delay").
		RetryAbout(time.Second)
}

// retryAfter repeats an error's delay in the header Retry-After for clients of
// Connect, as the REST door does for its own: proxies and plain HTTP clients know it.
func retryAfter(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		err := next(ctx, spec, stream)
		if err == nil || spec.StreamType != connect.StreamTypeUnary {
			return err
		}
		if info, ok := connect.CallInfoForServerContext(ctx); ok && originOf(ctx).door == "connect" {
			if delay := retryDelay(err); delay > 0 {
				info.ResponseHeader().Set("Retry-After", wholeSeconds(delay))
			}
		}
		return err
	}
}

func retryDelay(err error) time.Duration {
	coded, ok := err.(*connect.Error) //nolint:errorlint // what the chain inside made
	if !ok {
		return 0
	}
	for _, detail := range coded.Details() {
		if message, err := connectproto.UnmarshalErrorDetail(detail); err == nil {
			if retry, ok := message.(*errdetails.RetryInfo); ok {
				return retry.GetRetryDelay().AsDuration()
			}
		}
	}
	return 0
}

// wholeSeconds is a delay as Retry-After counts it, rounded up.
func wholeSeconds(delay time.Duration) string {
	return strconv.FormatInt(int64((delay+time.Second-1)/time.Second), 10)
}
