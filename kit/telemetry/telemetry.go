// Package telemetry makes a process's traces, metrics and log. Trace ids are made
// whether or not anything collects the spans, so that logs, events and timelines
// can name them.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// DefaultSampleRatio is the share of traces that are collected when their caller
// decided nothing.
const DefaultSampleRatio = 0.01

// Config is what a process is called and where its spans go.
type Config struct {
	// Service is the process's name, such as "order".
	Service string
	// Version is the build's version.
	Version string
	// Export sends sampled spans over OTLP/gRPC to where the OTEL_EXPORTER_OTLP_…
	// variables point.
	Export bool
	// SampleRatio is the share of traces to collect, 0 to 1.
	SampleRatio float64
}

// FromEnv returns the Config of the standard OpenTelemetry variables:
// spans are exported when OTEL_EXPORTER_OTLP_ENDPOINT (or its variant for traces)
// is set; OTEL_TRACES_SAMPLER_ARG is the ratio.
func FromEnv(service, version string) (Config, error) {
	cfg := Config{
		Service: service, Version: version, SampleRatio: DefaultSampleRatio,
		Export: os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "",
	}
	if text := os.Getenv("OTEL_TRACES_SAMPLER_ARG"); text != "" {
		ratio, err := strconv.ParseFloat(text, 64)
		if err != nil || ratio < 0 || ratio > 1 {
			return Config{}, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not %q", text)
		}
		cfg.SampleRatio = ratio
	}
	return cfg, nil
}

// Telemetry is what a process measures with.
type Telemetry struct {
	// Tracer, Meter and Propagator are for everything that makes spans, measures
	// or passes a trace on.
	Tracer     trace.TracerProvider
	Meter      metric.MeterProvider
	Propagator propagation.TextMapPropagator
	// Registry holds the process's metrics.
	Registry *prometheus.Registry

	stop []func(context.Context) error
}

// New starts a process's telemetry; Shutdown ends it. It does not fail when
// nobody listens at the OTLP endpoint.
func New(ctx context.Context, cfg Config) (*Telemetry, error) {
	about := resource.NewSchemaless(
		attribute.String("service.name", cfg.Service),
		attribute.String("service.namespace", "shopmesh"),
		attribute.String("service.version", cfg.Version))
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reader, err := exporter.New(exporter.WithRegisterer(registry), exporter.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("make the metrics exporter: %w", err)
	}
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(about))
	tracer, err := newTracer(ctx, cfg, about)
	if err != nil {
		return nil, err
	}
	return &Telemetry{
		Tracer: tracer, Meter: meter, Registry: registry,
		Propagator: propagation.TraceContext{},
		stop:       []func(context.Context) error{tracer.Shutdown, meter.Shutdown},
	}, nil
}

func newTracer(ctx context.Context, cfg Config, about *resource.Resource) (*sdktrace.TracerProvider, error) {
	if !cfg.Export {
		// Unsampled spans cost next to nothing, and have ids. A caller's wish to
		// sample is passed on to the next process, which may well export.
		return sdktrace.NewTracerProvider(sdktrace.WithResource(about),
			sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample()))), nil
	}
	spans, err := otlptracegrpc.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("make the span exporter: %w", err)
	}
	return sdktrace.NewTracerProvider(sdktrace.WithResource(about),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.SampleRatio))),
		sdktrace.WithBatcher(spans)), nil
}

// Handler serves the metrics in Prometheus' format.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.Registry, promhttp.HandlerOpts{Registry: t.Registry, MaxRequestsInFlight: 4})
}

// Shutdown sends what is still held, within ctx.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	var all []error
	for _, stop := range t.stop {
		all = append(all, stop(ctx))
	}
	return errors.Join(all...)
}
