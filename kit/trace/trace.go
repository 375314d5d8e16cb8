// Package trace writes the trace that a thing belongs to into a text and reads it
// again: the traceparent header of W3C Trace Context, by OpenTelemetry's propagator.
// Rows and events hold it, so that what follows from them later goes on in the same
// trace.
package trace

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// header is the only key of the carrier here.
const header = "traceparent"

// carrier holds the one header. Tracestate is not kept: no reader of ours needs it.
type carrier struct{ value string }

func (c *carrier) Get(key string) string {
	if key != header {
		return ""
	}
	return c.value
}

func (c *carrier) Set(key, value string) {
	if key == header {
		c.value = value
	}
}

func (c *carrier) Keys() []string { return []string{header} }

// FromContext returns the traceparent of the span in ctx; empty when there is none.
func FromContext(ctx context.Context) string {
	var c carrier
	propagation.TraceContext{}.Inject(ctx, &c)
	return c.value
}

// Format returns the traceparent of a span; empty for one that is not valid.
func Format(span trace.SpanContext) string {
	if !span.IsValid() {
		return ""
	}
	return FromContext(trace.ContextWithSpanContext(context.Background(), span))
}

// Parse reads a traceparent. It returns an invalid span for a text that is malformed.
func Parse(traceparent string) trace.SpanContext {
	if traceparent == "" {
		return trace.SpanContext{}
	}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), &carrier{traceparent}))
}

// Read reads a traceparent that others wrote, and returns it as Format writes it, with
// its span; both are empty for a text that is malformed.
func Read(text string) (traceparent string, span trace.SpanContext) {
	span = Parse(text)
	if span.IsValid() && len(text) == formatted && strings.HasPrefix(text, "00-") {
		return text, span
	}
	return Format(span), span
}

// formatted is how long a traceparent of version 00 is, in bytes.
const formatted = 55

// ID returns the trace's id in a traceparent, for people who look it up; empty when
// there is none.
func ID(traceparent string) string {
	return IDOf(Parse(traceparent))
}

// IDOf returns the id of a span's trace; empty for a span that is not valid.
func IDOf(span trace.SpanContext) string {
	if !span.IsValid() {
		return ""
	}
	return span.TraceID().String()
}
