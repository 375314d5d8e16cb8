package rpc

import (
	"context"
	"strconv"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/shopmesh/shopmesh/kit/load"
)

// place gives a call from outside its place in work when its request has arrived, and
// takes it back when the handler returns: a client that sends or reads slowly holds none.
// Streams have bounds of their own. A call within the process needs none, because the
// call that it serves has one.
func place(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		call := callOf(ctx)
		if call == nil {
			return next(ctx, spec, stream)
		}
		placed := &placedStream{ServerStream: stream, call: call, ctx: ctx, unary: spec.StreamType == connect.StreamTypeUnary}
		defer call.Reply()
		return next(ctx, spec, placed)
	}
}

type placedStream struct {
	connect.ServerStream

	call  *load.Call
	ctx   context.Context //nolint:containedctx // the call's own
	unary bool
	holds bool
}

func (s *placedStream) Receive(msg any) error {
	if err := s.ServerStream.Receive(msg); err != nil || s.holds {
		return err
	}
	if !s.unary {
		s.call.Stream()
		return nil
	}
	if err := s.call.Work(s.ctx); err != nil {
		return err
	}
	s.holds = true
	return nil
}

func (s *placedStream) Send(msg any) error {
	s.call.Reply()
	return s.ServerStream.Send(msg)
}

// retryAfter repeats an error's delay in the header Retry-After for clients of
// Connect, as REST does for its own: proxies and plain HTTP clients know it.
func retryAfter(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		err := next(ctx, spec, stream)
		if err == nil || spec.StreamType != connect.StreamTypeUnary {
			return err
		}
		if info, ok := connect.CallInfoForServerContext(ctx); ok && originOf(ctx).protocol == "connect" {
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
