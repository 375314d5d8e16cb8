package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"buf.build/go/protovalidate"
	"connectrpc.com/connect/v2"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/reflect/protoreflect"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
)

// Config is what the chain of a server stands on. Each field has a sensible
// default, except for Log and Authenticator.
type Config struct {
	// Log gets one line per call: debug when it went well.
	Log *slog.Logger
	// Authenticator finds out who calls.
	Authenticator authz.Authenticator
	// Reflection is who may use gRPC reflection, where a handler serves it; nil for nobody.
	Reflection *optionsv1.Authorization
	// Tracer, Meter and Propagator default to ones that record nothing.
	Tracer     trace.TracerProvider
	Meter      metric.MeterProvider
	Propagator propagation.TextMapPropagator
	// Streams bounds and drains streams; servers of one process share it. By
	// default the server has its own, with DefaultStreamLimits.
	Streams *Streams
	// Transient reports whether an error means that a component is away, so that trying
	// again can help; pg.Transient is one. By default none does.
	Transient func(error) bool
	// Refused is called with calls that ended with an error; by default nothing is.
	Refused Refused
	// Clock decides whether a caller's step-up is recent; time.Now by default.
	Clock func() time.Time
}

// NewServer returns a server without RPCs, whose chain surrounds each call, from
// the outside in: panic recovery; telemetry and the access log; deadline and
// stream bounds; faults to statuses; load shedding; authentication; the activity log;
// whose call it is that a service makes for a visitor; the limit of the caller's account,
// and its share of streams; authorization by the RPC's option; validation. An unknown
// procedure answers UNKNOWN_RPC.
func NewServer(cfg Config) (*connect.Server, error) {
	cfg = cfg.withDefaults()
	validator, err := protovalidate.New()
	if err != nil {
		return nil, fmt.Errorf("prepare validation: %w", err)
	}
	observe, err := newObserver(cfg)
	if err != nil {
		return nil, err
	}
	mapper := &statusMapper{transient: cfg.Transient}
	server := connect.NewServer(
		mapper.recoverPanic,
		observe.intercept,
		retryAfter,
		cfg.Streams.intercept,
		mapper.intercept,
		place,
		// Once more inside, so that a panic of a handler is logged with its call.
		mapper.recoverPanic,
		limitTokens,
		authenticate(cfg.Authenticator, cfg.Refused),
		record(cfg.Refused),
		visitors,
		limitCallers,
		cfg.Streams.share,
		authorize(cfg.Clock, cfg.Reflection),
		newRequestCheck(validator).intercept,
	)
	server.SetUnknownHandler(func(_ context.Context, spec connect.Spec, _ connect.ServerStream) error {
		return unknownRPC(spec.Procedure)
	})
	return server, nil
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Streams == nil {
		c.Streams = NewStreams(DefaultStreamLimits())
	}
	if c.Transient == nil {
		c.Transient = func(error) bool { return false }
	}
	if c.Refused == nil {
		c.Refused = func(context.Context, activity.Call, error) {}
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Propagator == nil {
		c.Propagator = propagation.TraceContext{}
	}
	return c
}

func unknownRPC(procedure string) *fault.Error {
	return fault.New(fault.Unimplemented, fault.ReasonUnknownRPC,
		"there is no RPC %q: compare it with the contract", procedure).With("procedure", procedure)
}

// foreign reports whether a procedure belongs to a service that is not ours, and so states
// no options: health and reflection. Whether they are served at all is decided when a
// handler is made.
func foreign(procedure string) bool { return isHealth(procedure) || isReflection(procedure) }

// isHealth reports whether a procedure is one of health checks, which probes call without a
// token.
func isHealth(procedure string) bool { return strings.HasPrefix(procedure, "/grpc.health.v1.Health/") }

func isReflection(procedure string) bool {
	return strings.HasPrefix(procedure, "/grpc.reflection.v1.ServerReflection/") ||
		strings.HasPrefix(procedure, "/grpc.reflection.v1alpha.ServerReflection/")
}

// CheckAuthorization returns an error that names every registered RPC without an
// authorization option. NewHandler calls it, so that no such RPC is ever served.
func CheckAuthorization(server *connect.Server) error {
	var methods []protoreflect.MethodDescriptor
	for spec := range server.Specs() {
		if foreign(spec.Procedure) {
			continue
		}
		method, ok := spec.Schema.(protoreflect.MethodDescriptor)
		if !ok {
			return fmt.Errorf("RPC %s has no protobuf schema, and so no authorization", spec.Procedure)
		}
		methods = append(methods, method)
	}
	return authz.CheckMethods(methods)
}

// withinUnaryTimeout bounds a unary call.
func withinUnaryTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= UnaryTimeout {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, UnaryTimeout)
}
