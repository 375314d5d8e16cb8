package rpc

import (
	"context"
	"fmt"
	"sync"
	"time"

	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
)

// StreamLimits bounds streams, so that none holds a server's memory for nothing.
type StreamLimits struct {
	// PerClient is how many streams a client may hold at once: a service by its name, since
	// all of them have their proxy's address in a mesh, and others by their address's prefix.
	PerClient int
	// Idle is how long a stream may pass without a message.
	Idle time.Duration
	// Lifetime is how long a stream may last; a client then opens it again where
	// it ended, perhaps at another replica.
	Lifetime time.Duration
	// Send is how long a client may leave a message unread; 0 means SendTimeout.
	Send time.Duration
}

// DefaultStreamLimits returns 64 streams per client, ten minutes idle, one hour
// of life.
func DefaultStreamLimits() StreamLimits {
	return StreamLimits{PerClient: 64, Idle: 10 * time.Minute, Lifetime: time.Hour}
}

// Operators returns the limits for those who operate the shop: they may leave a message
// unread for as long as a stream may be idle. The audit merges several streams, and reads
// nothing from one while another is still being sorted.
func (l StreamLimits) Operators() StreamLimits {
	l.Send = l.Idle
	return l
}

// Streams bounds the calls of a process: it gives unary calls their deadline and
// ends streams, by ending their context, when they reach a limit or when the
// process drains. The client then gets UNAVAILABLE with the reason DRAINING.
type Streams struct {
	limits   StreamLimits
	draining context.Context
	drain    context.CancelCauseFunc

	mu        sync.Mutex
	perClient map[string]int
}

// NewStreams returns Streams with limits; each but Send must be positive.
func NewStreams(limits StreamLimits) *Streams {
	ctx, cancel := context.WithCancelCause(context.Background())
	if limits.Send == 0 {
		limits.Send = SendTimeout
	}
	return &Streams{limits: limits, draining: ctx, drain: cancel, perClient: make(map[string]int)}
}

// Drain ends all streams and refuses new ones. Unary calls go on.
func (s *Streams) Drain() {
	s.drain(endStream("the server drains"))
}

func endStream(why string) *fault.Error {
	return fault.New(fault.Unavailable, fault.ReasonDraining,
		"%s; open the stream again from where it ended", why).RetryAfter(100 * time.Millisecond)
}

func (s *Streams) intercept(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		if spec.StreamType == connect.StreamTypeUnary || spec.Schema == nil {
			ctx, cancel := withinUnaryTimeout(ctx)
			defer cancel()
			return next(ctx, spec, stream)
		}
		if drained, ok := fault.Of(context.Cause(s.draining)); ok {
			return fromFault(drained, drained)
		}
		return s.serve(ctx, next, spec, stream)
	}
}

// share refuses a stream of a client that holds its share already. It comes after
// authentication, which says whether it is a service.
func (s *Streams) share(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		if spec.StreamType == connect.StreamTypeUnary || spec.Schema == nil {
			return next(ctx, spec, stream)
		}
		client := originOf(ctx).client.name
		if caller := authz.Caller(ctx); caller.Kind == authz.Service {
			client = caller.Key()
		}
		if err := s.enter(client); err != nil {
			return err
		}
		defer s.leave(client)
		return next(ctx, spec, stream)
	}
}

func (s *Streams) serve(ctx context.Context, next connect.ServerFunc, spec connect.Spec, stream connect.ServerStream) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	bounded := &boundedStream{ServerStream: stream, exchange: originOf(ctx).exchange, idleLimit: s.limits.Idle, sendLimit: s.limits.Send}
	receives := spec.StreamType&connect.StreamTypeClient != 0
	end := func(cause error) {
		cancel(cause)
		if receives {
			// A handler that waits for the client's next message doesn't see its
			// context end.
			bounded.interruptReceive()
		}
	}
	bounded.idle = time.AfterFunc(s.limits.Idle, func() {
		end(endStream(fmt.Sprintf("no message passed for %v", s.limits.Idle)))
	})
	defer bounded.idle.Stop()
	lifetime := time.AfterFunc(s.limits.Lifetime, func() {
		end(endStream(fmt.Sprintf("a stream lasts %v", s.limits.Lifetime)))
	})
	defer lifetime.Stop()
	defer context.AfterFunc(s.draining, func() { end(context.Cause(s.draining)) })()

	bounded.start()
	return next(ctx, spec, bounded)
}

func (s *Streams) enter(client string) error {
	if client == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.perClient[client] >= s.limits.PerClient {
		return fault.New(fault.Exhausted, fault.ReasonTooManyStreams,
			"a client may hold %d streams at once: close some", s.limits.PerClient).RetryAfter(defaultRetryDelay)
	}
	s.perClient[client]++
	return nil
}

func (s *Streams) leave(client string) {
	if client == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.perClient[client]--; s.perClient[client] <= 0 {
		delete(s.perClient, client)
	}
}

// boundedStream notes each message, and cuts a client off that does not read.
type boundedStream struct {
	connect.ServerStream

	exchange  *exchange // nil within the process
	idle      *time.Timer
	idleLimit time.Duration
	sendLimit time.Duration
}

// start lifts the bound that the listener sets on whole requests.
func (b *boundedStream) start() {
	if b.exchange != nil {
		b.exchange.stream()
	}
}

func (b *boundedStream) interruptReceive() {
	if b.exchange != nil {
		b.exchange.interruptReading()
	}
}

func (b *boundedStream) Receive(msg any) error {
	err := b.ServerStream.Receive(msg)
	b.idle.Reset(b.idleLimit)
	return err
}

func (b *boundedStream) Send(msg any) error {
	if b.exchange != nil {
		stuck := time.AfterFunc(b.sendLimit, b.exchange.interruptWriting)
		defer stuck.Stop()
	}
	err := b.ServerStream.Send(msg)
	b.idle.Reset(b.idleLimit)
	return err
}
