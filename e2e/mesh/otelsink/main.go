// Command otelsink takes traces by OTLP over gRPC on port 4317, keeps the newest spans in
// memory, and lists those of a trace, or those whose attributes hold a text, as JSON on port
// 4318: /spans?trace=ID or /spans?holding=TEXT. It is for the tests of e2e/mesh; a shop has a
// collector.
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
)

// maxSpans bounds what is kept.
const maxSpans = 200_000

// Span is one of a trace.
type Span struct {
	Trace   string `json:"trace"`
	Service string `json:"service"`
	Name    string `json:"name"`
	// Attributes are the texts among the values of its attributes.
	Attributes []string `json:"attributes,omitempty"`
}

// holds reports whether a text is in the span's name or one of its attributes.
func (s Span) holds(text string) bool {
	return strings.Contains(s.Name, text) || slices.ContainsFunc(s.Attributes, func(value string) bool { return strings.Contains(value, text) })
}

// sink keeps spans.
type sink struct {
	collector.UnimplementedTraceServiceServer

	mu    sync.Mutex
	spans []Span
}

// Export implements OTLP's TraceService.
func (s *sink) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, of := range req.GetResourceSpans() {
		service := ""
		for _, attribute := range of.GetResource().GetAttributes() {
			if attribute.GetKey() == "service.name" {
				service = attribute.GetValue().GetStringValue()
			}
		}
		for _, scope := range of.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				kept := Span{Trace: hex.EncodeToString(span.GetTraceId()), Service: service, Name: span.GetName()}
				for _, attribute := range span.GetAttributes() {
					if text := attribute.GetValue().GetStringValue(); text != "" {
						kept.Attributes = append(kept.Attributes, text)
					}
				}
				s.spans = append(s.spans, kept)
			}
		}
	}
	if len(s.spans) > maxSpans {
		s.spans = append([]Span(nil), s.spans[len(s.spans)-maxSpans/2:]...)
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

// ServeHTTP lists the spans of a trace, or those that hold a text.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	trace, text := r.URL.Query().Get("trace"), r.URL.Query().Get("holding")
	s.mu.Lock()
	found := []Span{}
	for _, span := range s.spans {
		if span.Trace == trace || text != "" && span.holds(text) {
			found = append(found, span)
		}
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(found) // the reader may have gone
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "otelsink:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	kept := &sink{}
	spans, err := new(net.ListenConfig).Listen(ctx, "tcp", ":4317")
	if err != nil {
		return err
	}
	taking := grpc.NewServer()
	collector.RegisterTraceServiceServer(taking, kept)
	listing := &http.Server{Addr: ":4318", Handler: kept, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 2)
	go func() { failed <- taking.Serve(spans) }()
	go func() { failed <- listing.ListenAndServe() }()
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	taking.Stop()
	return errors.Join(err, listing.Close())
}
