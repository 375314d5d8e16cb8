package app

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Measure reports what the cache does, each time that metrics are collected.
func (c *Cache) Measure(provider metric.MeterProvider) error {
	meter := provider.Meter("github.com/shopmesh/shopmesh/services/catalog")
	// The instruments' names are constants, and valid: errors can't come.
	reads, _ := meter.Int64ObservableCounter("shopmesh.catalog.cache.reads",
		metric.WithDescription("Products read: hit from memory, miss from the database, shared by another call's read"))
	evictions, _ := meter.Int64ObservableCounter("shopmesh.catalog.cache.evictions", metric.WithDescription("Products that made room for others"))
	entries, _ := meter.Int64ObservableGauge("shopmesh.catalog.cache.entries", metric.WithDescription("Products that are held"))
	bytes, _ := meter.Int64ObservableGauge("shopmesh.catalog.cache.size", metric.WithUnit("By"), metric.WithDescription("What they take in memory, estimated"))
	proven, _ := meter.Int64ObservableGauge("shopmesh.catalog.cache.proven",
		metric.WithDescription("1 while the event of every change is known to be received, else 0: products are then kept for two seconds"))
	result := func(name string) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(attribute.String("result", name)))
	}
	hit, miss, shared := result("hit"), result("miss"), result("shared")
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		stats := c.Stats()
		o.ObserveInt64(reads, stats.Hits, hit)
		o.ObserveInt64(reads, stats.Misses, miss)
		o.ObserveInt64(reads, stats.Shared, shared)
		o.ObserveInt64(evictions, stats.Evictions)
		o.ObserveInt64(entries, stats.Entries)
		o.ObserveInt64(bytes, stats.Bytes)
		o.ObserveInt64(proven, stats.Proven)
		return nil
	}, reads, evictions, entries, bytes, proven)
	return err
}
