package rpc

import (
	"context"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/shopmesh/shopmesh/kit/load"
)

// shed lets a unary call from outside in when the limiter has a place for it. Streams
// have bounds of their own; health, reflection and calls within the process, which are
// part of a call that has its place already, pass.
func shed(limiter *load.Limiter) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		if limiter == nil {
			return next
		}
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			if spec.StreamType != connect.StreamTypeUnary || spec.Schema == nil ||
				strings.HasPrefix(spec.Procedure, "/grpc.") || originOf(ctx).door == doorInProcess {
				return next(ctx, spec, stream)
			}
			defer limiter.End()
			if err := limiter.Begin(ctx); err != nil {
				return err
			}
			placed := &placedStream{ServerStream: stream, limiter: limiter, ctx: ctx}
			defer placed.leave()
			return next(ctx, spec, placed)
		}
	}
}

// placedStream takes the call's place in work once its request is there.
type placedStream struct {
	connect.ServerStream

	limiter *load.Limiter
	ctx     context.Context //nolint:containedctx // the call's own
	holds   bool
}

func (s *placedStream) Receive(msg any) error {
	if err := s.ServerStream.Receive(msg); err != nil || s.holds {
		return err
	}
	if err := s.limiter.Enter(s.ctx); err != nil {
		return err
	}
	s.holds = true
	return nil
}

func (s *placedStream) leave() {
	if s.holds {
		s.limiter.Leave()
	}
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
