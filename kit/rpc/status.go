package rpc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime/debug"

	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/peer"
)

// statusMapper turns whatever a handler returned into the error that travels.
type statusMapper struct {
	transient func(error) bool
}

func (m *statusMapper) intercept(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		err := next(ctx, spec, stream)
		if err == nil {
			return nil
		}
		return m.status(ctx, err)
	}
}

// recoverPanic turns a panic into an internal error; its stack is logged and
// never sent.
func (m *statusMapper) recoverPanic(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) (err error) {
		defer func() {
			if value := recover(); value != nil {
				err = internal(fmt.Errorf("panic: %v\n%s", value, debug.Stack()))
			}
		}()
		return next(ctx, spec, stream)
	}
}

// status returns the error that travels: code, message and details. The cause
// stays attached for the log.
func (m *statusMapper) status(ctx context.Context, err error) *connect.Error {
	var coded *connect.Error
	if errors.As(err, &coded) && !coded.IsRemote() {
		var hidden *internalError
		if errors.As(coded, &hidden) {
			return coded // a recovered panic, mapped further inside
		}
	}
	if found, ok := fault.Of(err); ok {
		return fromFault(found, err)
	}
	// What ended the context is the truth, whatever text the layer below made of it.
	if ended := endOf(ctx); ended != nil {
		ended = ended.Because(err)
		return fromFault(ended, ended)
	}
	if coded != nil {
		return fromConnect(coded, err)
	}
	switch {
	case m.transient(err), errors.Is(err, context.DeadlineExceeded):
		// Ours is not over: a component that we waited for did not answer in its time.
		away := unavailable().Because(err)
		return fromFault(away, away)
	case errors.Is(err, context.Canceled):
		cancelled := ended(err).Because(err)
		return fromFault(cancelled, cancelled)
	default:
		return internal(err)
	}
}

// endOf returns why a call's context is over: the fault that is its cause, else
// that the client's time is up or that the client went away; nil when it is not.
func endOf(ctx context.Context) *fault.Error {
	if ctx.Err() == nil {
		return nil
	}
	if cause, ok := fault.Of(context.Cause(ctx)); ok {
		return cause
	}
	return ended(ctx.Err())
}

// ended is the fault of a call whose context ended with err.
func ended(err error) *fault.Error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fault.New(fault.DeadlineExceeded, fault.ReasonDeadlineExceeded,
			"the call ran out of its time; whether it had an effect is not known")
	}
	return fault.New(fault.Cancelled, fault.ReasonCancelled, "the call was cancelled")
}

func unavailable() *fault.Error {
	return fault.New(fault.Unavailable, fault.ReasonUnavailable,
		"a component that this call needs is away; try again").RetryAfter(defaultRetryDelay)
}

// fromFault builds the status of a fault; cause is what the log shows.
func fromFault(f *fault.Error, cause error) *connect.Error {
	if f.Kind() == fault.Internal {
		return internal(cause)
	}
	return encode(connect.Code(f.Kind().Code()), f, cause)
}

// internalError is the cause of an INTERNAL status: the log finds the reference
// in it that the message names.
type internalError struct {
	reference string
	cause     error
}

func (e *internalError) Error() string { return e.cause.Error() }
func (e *internalError) Unwrap() error { return e.cause }

// internal hides an error behind a reference to the log.
func internal(cause error) *connect.Error {
	reference := rand.Text()[:13]
	f := fault.New(fault.Internal, fault.ReasonInternal,
		"the server failed; its log knows more under the reference %s", reference).With("reference", reference)
	return encode(connect.CodeInternal, f, &internalError{reference, cause})
}

// fromConnect maps an error that is coded already: a peer's answer, or one that
// the transport to a peer made.
func fromConnect(coded *connect.Error, cause error) *connect.Error {
	if coded.IsRemote() {
		return fromPeer(coded, cause)
	}
	switch coded.Code() {
	case connect.CodeUnknown, connect.CodeInternal, connect.CodeDataLoss:
		return internal(cause)
	case connect.CodeUnavailable, connect.CodeDeadlineExceeded, connect.CodeCanceled:
		// Our own call is not over: one that it made to a peer did not come through.
		return fromFault(unavailable(), cause)
	default:
		return connect.NewError(coded.Code(), fault.Cut(coded.Message(), maxMessageBytes)).WithCause(cause)
	}
}

// fromPeer maps what another context answered while we served our caller. What
// that context answers about the state of the shop holds for our caller too; what
// it answers about our own request to it is a failure of ours.
func fromPeer(coded *connect.Error, cause error) *connect.Error {
	switch coded.Code() {
	case connect.CodeUnavailable, connect.CodeDeadlineExceeded, connect.CodeCanceled, connect.CodeResourceExhausted:
		return fromFault(unavailable(), cause)
	case connect.CodeNotFound, connect.CodeAlreadyExists, connect.CodeFailedPrecondition, connect.CodeAborted:
		if given, ok := peer.Fault(coded); ok {
			return fromFault(given, cause)
		}
		return internal(cause)
	case connect.CodeUnauthenticated:
		// The caller's token, which we handed on, expired while we served them.
		if given, ok := peer.Fault(coded); ok && given.Reason() == fault.ReasonTokenExpired {
			return fromFault(given, cause)
		}
		return internal(cause)
	default:
		return internal(cause)
	}
}
