package consumer

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

const scope = "github.com/shopmesh/shopmesh/kit/consumer"

func newTracer(provider trace.TracerProvider) trace.Tracer {
	if provider == nil {
		provider = otel.GetTracerProvider()
	}
	return provider.Tracer(scope)
}

type meters struct {
	events      metric.Int64Counter
	setAside    metric.Int64Counter
	batches     metric.Int64Histogram
	duration    metric.Float64Histogram
	attributes  metric.MeasurementOption
	deadLetters atomic.Int64
	callback    func() (metric.Registration, error)
}

func newMeters(group string, provider metric.MeterProvider, c *Consumer) *meters {
	if provider == nil {
		provider = otel.GetMeterProvider()
	}
	meter := provider.Meter(scope)
	m := &meters{attributes: metric.WithAttributeSet(attribute.NewSet(attribute.String("group", group)))}
	// The instruments' names are constants, and valid: errors can't come.
	m.events, _ = meter.Int64Counter("shopmesh.consumer.events", metric.WithDescription("Events applied or set aside"))
	m.setAside, _ = meter.Int64Counter("shopmesh.consumer.set_aside", metric.WithDescription("Events that became dead letters"))
	m.batches, _ = meter.Int64Histogram("shopmesh.consumer.batch_size", metric.WithDescription("Events per transaction"),
		metric.WithExplicitBucketBoundaries(1, 2, 5, 10, 20, 50, 100, 200, 500))
	m.duration, _ = meter.Float64Histogram("shopmesh.consumer.batch_duration", metric.WithUnit("s"), metric.WithDescription("Time of a batch's transaction"))
	lag, _ := meter.Int64ObservableGauge("shopmesh.consumer.lag", metric.WithDescription("Events that this member is behind its partitions' ends"))
	deadLetters, _ := meter.Int64ObservableGauge("shopmesh.consumer.dead_letters", metric.WithDescription("Dead letters of the group"))
	m.callback = func() (metric.Registration, error) {
		return meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
			o.ObserveInt64(lag, c.Lag(), m.attributes)
			o.ObserveInt64(deadLetters, m.deadLetters.Load(), m.attributes)
			return nil
		}, lag, deadLetters)
	}
	return m
}

func (m *meters) applied(ctx context.Context, events, deadLetters int, took time.Duration) {
	m.events.Add(ctx, int64(events), m.attributes)
	if deadLetters > 0 {
		m.setAside.Add(ctx, int64(deadLetters), m.attributes)
	}
	m.batches.Record(ctx, int64(events), m.attributes)
	m.duration.Record(ctx, took.Seconds(), m.attributes)
}

// watch registers the gauges and counts the dead letters now and then, until the
// function that it returns is called; that waits for the count to end.
func (m *meters) watch(ctx context.Context, c *Consumer) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	registration, _ := m.callback()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if n, err := c.Count(ctx); err == nil {
				m.deadLetters.Store(n)
			}
			_ = pause(ctx, 15*time.Second)
		}
	}()
	return func() {
		cancel()
		<-done
		if registration != nil {
			_ = registration.Unregister()
		}
	}
}
