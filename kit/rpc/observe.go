package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect/v2"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/peer"
)

// observer makes a span, a duration and a log line of each call. All three hold
// which procedure, by which protocol, how it ended; never what was in it.
type observer struct {
	log         *slog.Logger
	tracer      trace.Tracer
	propagator  propagation.TextMapPropagator
	duration    metric.Float64Histogram
	spanOptions []trace.SpanStartOption
	failing     *failing
	// attributes holds the attributes of each outcome's measurements, because making them
	// costs more than measuring. It is bounded by procedures × protocols × codes, and
	// copied when an outcome comes for the first time, so that reading it takes no lock.
	attributes atomic.Pointer[map[outcome][]metric.RecordOption]
	adding     sync.Mutex
}

// outcome distinguishes calls in metrics.
type outcome struct {
	procedure, protocol, code string
}

func newObserver(cfg Config) (*observer, error) {
	if cfg.Tracer == nil {
		cfg.Tracer = tracenoop.NewTracerProvider()
	}
	if cfg.Meter == nil {
		cfg.Meter = metricnoop.NewMeterProvider()
	}
	const scope = "github.com/shopmesh/shopmesh/kit/rpc"
	duration, err := cfg.Meter.Meter(scope).Float64Histogram("rpc.server.duration",
		metric.WithUnit("s"),
		metric.WithDescription("How long calls took, by procedure, protocol and code."),
		metric.WithExplicitBucketBoundaries(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60))
	if err != nil {
		return nil, fmt.Errorf("make the histogram of calls: %w", err)
	}
	o := &observer{
		log: cfg.Log, tracer: cfg.Tracer.Tracer(scope), propagator: cfg.Propagator, duration: duration,
		spanOptions: []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)},
		failing:     &failing{log: cfg.Log},
	}
	o.attributes.Store(&map[outcome][]metric.RecordOption{})
	return o, nil
}

func (o *observer) intercept(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		start := time.Now()
		ctx, from := takeOrigin(ctx)
		ctx = o.continueTrace(ctx)
		ctx, span := o.tracer.Start(ctx, strings.TrimPrefix(spec.Procedure, "/"), o.spanOptions...)
		defer span.End()

		err := next(ctx, spec, stream)

		elapsed := time.Since(start)
		code := "ok"
		if err != nil {
			code = connect.CodeOf(err).String()
		}
		procedure := spec.Procedure
		if spec.Schema == nil {
			// A client chooses the name of an unknown procedure: not a label.
			procedure = "unknown"
		}
		o.duration.Record(ctx, elapsed.Seconds(), o.measurement(outcome{procedure, from.protocol, code})...)
		if span.IsRecording() {
			span.SetAttributes(attribute.String("rpc.protocol", from.protocol), attribute.String("rpc.code", code))
			if err != nil && serverFailed(connect.CodeOf(err)) {
				span.SetStatus(codes.Error, code)
			}
		}
		o.write(ctx, procedure, from, code, elapsed, err)
		return err
	}
}

// continueTrace makes the caller's span the parent, when its headers name one.
func (o *observer) continueTrace(ctx context.Context) context.Context {
	info, ok := connect.CallInfoForServerContext(ctx)
	if !ok || !info.RequestHeader().Has("Traceparent") {
		return ctx
	}
	return o.propagator.Extract(ctx, peer.Carrier{Header: info.RequestHeader()})
}

func (o *observer) measurement(key outcome) []metric.RecordOption {
	if found, ok := (*o.attributes.Load())[key]; ok {
		return found
	}
	options := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(
		attribute.String("procedure", key.procedure),
		attribute.String("protocol", key.protocol),
		attribute.String("code", key.code)))}
	o.adding.Lock()
	defer o.adding.Unlock()
	all := maps.Clone(*o.attributes.Load())
	all[key] = options
	o.attributes.Store(&all)
	return options
}

func serverFailed(code connect.Code) bool {
	switch code {
	case connect.CodeInternal, connect.CodeUnknown, connect.CodeDataLoss, connect.CodeUnavailable, connect.CodeDeadlineExceeded:
		return true
	default:
		return false
	}
}

func levelOf(err error) slog.Level {
	if err == nil {
		return slog.LevelDebug
	}
	if fault.ReasonOf(err) == fault.ReasonDraining {
		return slog.LevelInfo // sent elsewhere, as every stream is when a process stops
	}
	switch connect.CodeOf(err) {
	case connect.CodeResourceExhausted:
		// Whatever bounds something logs that itself: a flood of calls is none of log lines.
		return slog.LevelDebug
	case connect.CodeCanceled:
		// Every page that somebody closes ends its streams so: no failure of anybody.
		return slog.LevelDebug
	case connect.CodeInternal, connect.CodeUnknown, connect.CodeDataLoss:
		return slog.LevelError
	case connect.CodeUnavailable, connect.CodeDeadlineExceeded:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

// write logs the call: at debug when it succeeded or its client went away, at info when
// it was refused or redirected, at warn when a component was away or slow, at error when
// we failed.
func (o *observer) write(ctx context.Context, procedure string, from origin, code string, elapsed time.Duration, err error) {
	level := levelOf(err)
	if from.protocol == protocolInProcess && fault.ReasonOf(err) == fault.ReasonDraining {
		level = slog.LevelDebug // contexts of a process that stops watch each other to the end
	}
	if err == nil {
		o.failing.over(ctx, procedure)
	}
	if !o.log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 8)
	attrs = append(attrs,
		slog.String("protocol", from.protocol),
		slog.String("code", code), slog.Float64("took_ms", float64(elapsed.Microseconds())/1000))
	if id := requestID(ctx); id != "" {
		attrs = append(attrs, slog.String("request_id", id))
	}
	if err == nil {
		o.log.LogAttrs(ctx, level, "call", append(attrs, slog.String("rpc", procedure))...)
		return
	}
	message := "call failed"
	if connect.CodeOf(err) == connect.CodeCanceled {
		message = "call cancelled"
	}
	if reason := fault.ReasonOf(err); reason != "" {
		attrs = append(attrs, slog.String("reason", string(reason)))
	}
	var hidden *internalError
	if errors.As(err, &hidden) {
		attrs = append(attrs, slog.String("reference", hidden.reference))
	}
	if level == slog.LevelWarn {
		o.failing.note(ctx, procedure, err, attrs)
	}
	// A refusal's text may quote the request, which can hold personal data.
	if cause := errors.Unwrap(err); cause != nil && level >= slog.LevelWarn {
		attrs = append(attrs, slog.String("cause", cause.Error()))
	}
	if level == slog.LevelWarn {
		level = slog.LevelDebug
	}
	o.log.LogAttrs(ctx, level, message, append(attrs, slog.String("rpc", procedure))...)
}

// requestID returns the caller's X-Request-Id when it is short and plain, so that
// nobody writes into our log with it.
func requestID(ctx context.Context) string {
	info, ok := connect.CallInfoForServerContext(ctx)
	if !ok {
		return ""
	}
	id := info.RequestHeader().Get("X-Request-Id")
	if len(id) > 64 {
		return ""
	}
	for _, r := range id {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_' && r != '.' {
			return ""
		}
	}
	return id
}
