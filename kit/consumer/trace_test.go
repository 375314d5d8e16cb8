package consumer_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// The trace of an event goes on in each service that consumes it, if it is recorded, beside
// the trace of the batch that it came in.
func TestTheTraceOfAnEventGoesOn(t *testing.T) {
	t.Parallel()
	const recorded, unrecorded = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b74bf92f3577b34da6"
	s := newShop(t, 1)
	spans := tracetest.NewSpanRecorder()
	config := s.config(s.broker, testkit.Log(t))
	config.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample())))
	stop := start(t, consumer.New("test.things", s.pool, config, s.apply))
	ids := things(2)
	for id, traceparent := range map[int]string{0: "00-" + recorded + "-b7ad6b7169203331-01", 1: "00-" + unrecorded + "-b7ad6b7169203331-00"} {
		r := record(ids[id], 1)
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: "traceparent", Value: []byte(traceparent)})
		s.publish(t, r)
	}
	testkit.Eventually(t, "both things have had their event", func() bool {
		var n int
		err := s.pool.QueryRow(t.Context(), `select count(*) from thing where id = any($1)`, ids).Scan(&n)
		return err == nil && n == len(ids)
	})
	stop()
	var events int
	for _, span := range spans.Ended() {
		switch span.Name() {
		case "test.things event":
			events++
			if got := span.SpanContext().TraceID().String(); got != recorded {
				t.Errorf("an event's span is in the trace %s", got)
			}
			if len(span.Links()) != 1 || span.Links()[0].SpanContext.TraceID().String() == recorded {
				t.Errorf("it links to %v, want its batch", span.Links())
			}
		case "test.things batch":
			if span.Parent().IsValid() {
				t.Errorf("a batch's span is part of the trace %s", span.Parent().TraceID())
			}
		}
	}
	if events != 1 {
		t.Errorf("%d events have a span, want the one that is recorded", events)
	}
}
