package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"
)

// Ids are made though nothing collects the spans, and each log line carries them.
func TestLogLinesCarryTheTrace(t *testing.T) {
	t.Parallel()
	measured, err := New(t.Context(), Config{Service: "order", Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = measured.Shutdown(context.Background()) })
	ctx, span := measured.Tracer.Tracer("test").Start(t.Context(), "place an order")
	defer span.End()
	if !span.SpanContext().IsValid() || span.IsRecording() {
		t.Errorf("span %v, recording %t", span.SpanContext(), span.IsRecording())
	}
	var out bytes.Buffer
	log := NewLog(&out, slog.LevelInfo).With("context", "order")
	log.InfoContext(ctx, "name with\r\nline\x00breaks")
	log.DebugContext(ctx, "not this one")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%q: %v", out.String(), err)
	}
	if line["trace_id"] != span.SpanContext().TraceID().String() || line["span_id"] != span.SpanContext().SpanID().String() || line["context"] != "order" {
		t.Errorf("got %v", line)
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("more than one line: %q", out.String())
	}
}

// Each process counts for itself: two in one test don't meet in a registry.
func TestMetricsAreServedPerProcess(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"first", "second"} {
		measured, err := New(t.Context(), Config{Service: name})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = measured.Shutdown(context.Background()) })
		counter, err := measured.Meter.Meter("test").Int64Counter("shop.things")
		if err != nil {
			t.Fatal(err)
		}
		counter.Add(t.Context(), 3)
		recorder := httptest.NewRecorder()
		measured.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		body, _ := io.ReadAll(recorder.Body)
		for _, want := range []string{"shop_things_total 3", "go_goroutines", "process_resident_memory_bytes", `service_name="` + name} {
			if !strings.Contains(string(body), want) {
				t.Errorf("%s lacks %s", name, want)
			}
		}
	}
}

// A caller that sampled its trace is followed, when we export.
func TestTheCallersDecisionIsFollowed(t *testing.T) {
	t.Parallel()
	measured, err := New(t.Context(), Config{Service: "order", Export: true, SampleRatio: 0})
	if err != nil {
		t.Fatal(err)
	}
	caller := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
	_, followed := measured.Tracer.Tracer("test").Start(trace.ContextWithRemoteSpanContext(t.Context(), caller), "follow")
	_, alone := measured.Tracer.Tracer("test").Start(t.Context(), "alone")
	if !followed.IsRecording() || alone.IsRecording() {
		t.Errorf("followed %t, alone %t", followed.IsRecording(), alone.IsRecording())
	}
	// Nobody listens there: ending does not wait for it.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = measured.Shutdown(ctx)
}

func TestTheEnvironmentIsRead(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317")
	t.Setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
	cfg, err := FromEnv("order", "1")
	if err != nil || !cfg.Export || cfg.SampleRatio != 0.5 {
		t.Errorf("%+v, %v", cfg, err)
	}
	t.Setenv("OTEL_TRACES_SAMPLER_ARG", "often")
	if _, err := FromEnv("order", "1"); err == nil || !strings.Contains(err.Error(), "often") {
		t.Errorf("got %v", err)
	}
}

// Somebody at a terminal reads a line per record, and no value can steer the terminal.
func TestLogLinesForPeople(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(newTerminalHandler(&out, slog.LevelInfo))
	log.Info("opening the shop", "data", "/srv/shop")
	log.With("context", "order").WithGroup("broker").Warn("the broker is away", "error", "connection refused", "tries", 3)
	log.Error("name\x1b[2J with\nbreaks", "value", "\x1b[31mred", "empty", "")
	log.Debug("not this one")
	want := []string{
		`^\d\d:\d\d:\d\d  opening the shop  data=/srv/shop$`,
		`^\d\d:\d\d:\d\d  WARN   the broker is away  context=order broker\.error="connection refused" broker\.tries=3$`,
		`^\d\d:\d\d:\d\d  ERROR  name\\x1b\[2J with\\nbreaks  value="\\x1b\[31mred" empty=""$`,
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	for i, line := range lines {
		if !regexp.MustCompile(want[i]).MatchString(line) {
			t.Errorf("%q is not like %s", line, want[i])
		}
	}
	// A file or a pipe gets JSON.
	out.Reset()
	LogTo(&out, slog.LevelInfo).Info("serving")
	if !json.Valid(out.Bytes()) {
		t.Errorf("no JSON: %q", out.String())
	}
}
