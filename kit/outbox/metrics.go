package outbox

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// gauges are a relay's metrics. What is observed comes from the leader's last read,
// so that a scrape costs no query: pending counts at most one batch.
type gauges struct {
	published    metric.Int64Counter
	attributes   metric.MeasurementOption
	registration metric.Registration

	pending atomic.Int64
	oldest  atomic.Int64 // unix nanoseconds of the oldest pending event, 0 for none
}

func newGauges(name string, provider metric.MeterProvider, r *Relay) *gauges {
	if provider == nil {
		provider = otel.GetMeterProvider()
	}
	meter := provider.Meter("github.com/shopmesh/shopmesh/kit/outbox")
	g := &gauges{attributes: metric.WithAttributeSet(attribute.NewSet(attribute.String("context", name)))}
	// The instruments' names are constants, and valid: errors can't come.
	g.published, _ = meter.Int64Counter("shopmesh.outbox.published", metric.WithDescription("Events published and acknowledged"))
	pending, _ := meter.Int64ObservableGauge("shopmesh.outbox.pending", metric.WithDescription("Events waiting to be published, at most one batch"))
	lag, _ := meter.Float64ObservableGauge("shopmesh.outbox.lag", metric.WithUnit("s"), metric.WithDescription("Age of the oldest event that waits"))
	stopped, _ := meter.Int64ObservableGauge("shopmesh.outbox.stopped_keys", metric.WithDescription("Keys whose next event can't be produced"))
	g.registration, _ = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(pending, g.pending.Load(), g.attributes)
		o.ObserveFloat64(lag, g.lag(time.Now()).Seconds(), g.attributes)
		o.ObserveInt64(stopped, int64(len(r.Stopped())), g.attributes)
		return nil
	}, pending, lag, stopped)
	return g
}

func (g *gauges) observe(events []row) {
	g.pending.Store(int64(len(events)))
	if len(events) == 0 {
		g.oldest.Store(0)
		return
	}
	g.oldest.Store(events[0].createTime.UnixNano())
}

func (g *gauges) lag(now time.Time) time.Duration {
	oldest := g.oldest.Load()
	if oldest == 0 {
		return 0
	}
	return max(0, now.Sub(time.Unix(0, oldest)))
}

func (g *gauges) unregister() {
	if g.registration != nil {
		_ = g.registration.Unregister()
	}
}
