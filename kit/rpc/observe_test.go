package rpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// logged is a line of the log about a call.
type logged struct {
	Level, Msg, RPC, Code, Reason, Error string
	TookMS                               *float64 `json:"took_ms"`
}

// calls returns the log lines about calls; every line of it is one JSON object.
func (s *site) calls(t *testing.T) []logged {
	t.Helper()
	var calls []logged
	for line := range strings.Lines(s.log.String()) {
		var call logged
		if err := json.Unmarshal([]byte(line), &call); err != nil {
			t.Fatalf("the log line %q: %v", line, err)
		}
		if call.RPC != "" {
			calls = append(calls, call)
		}
	}
	return calls
}

// sendOnceAndWait is a stream that lasts until its call ends.
func sendOnceAndWait(ctx context.Context, _ *operationsv1.AuditRequest, send func(*operationsv1.AuditResponse) error) error {
	if err := send(&operationsv1.AuditResponse{}); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// A client that goes away is no failure: only who looks for it (debug) reads of it.
func TestACancelledCallIsNoNews(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{audit: sendOnceAndWait})
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := s.client(http2(t)).Audit(ctx, &operationsv1.AuditRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Receive(); err != nil {
		t.Fatal(err)
	}
	cancel()
	_ = stream.Close()
	eventually(t, "the call is logged", func() bool { return len(s.calls(t)) == 1 })
	call := s.calls(t)[0]
	if call.Level != "DEBUG" || call.Msg != "call cancelled" || call.Code != "canceled" || call.Reason != "CANCELLED" {
		t.Errorf("logged as %+v", call)
	}
}

// A stream that ends because the process stops is distinguished from a component that is away.
func TestADrainedStreamIsNoWarning(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{audit: sendOnceAndWait})
	next := auditOver(t, s, http2(t))
	if err := next(); err != nil {
		t.Fatal(err)
	}
	s.streams.Drain()
	_ = drained(next)
	eventually(t, "the call is logged", func() bool { return len(s.calls(t)) == 1 })
	if call := s.calls(t)[0]; call.Level != "INFO" || call.Reason != "DRAINING" {
		t.Errorf("logged as %+v", call)
	}
}

// Durations carry their unit in their name, and count in it.
func TestTheLogCountsInMilliseconds(t *testing.T) {
	t.Parallel()
	const took = 20 * time.Millisecond
	s := open(t, &shop{status: func(ctx context.Context, _ *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		timer := time.NewTimer(took)
		defer timer.Stop()
		select {
		case <-timer.C:
			return &operationsv1.GetStatusResponse{}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}})
	if _, err := s.client(http1(t)).GetStatus(t.Context(), &operationsv1.GetStatusRequest{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the call is logged", func() bool { return len(s.calls(t)) == 1 })
	call := s.calls(t)[0]
	if call.Level != slog.LevelDebug.String() || call.TookMS == nil || *call.TookMS < 20 || *call.TookMS > 60_000 {
		t.Errorf("logged as %+v", call)
	}
}

// A component that is away fails every call: each RPC is logged, not each call,
// and when it goes well again. Who looks for it (debug) reads of each.
func TestManyCallsThatFailAreLoggedOnce(t *testing.T) {
	t.Parallel()
	var full atomic.Bool
	s := open(t, &shop{status: func(context.Context, *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		if full.Load() {
			return nil, fault.New(fault.Unavailable, fault.ReasonUnavailable, "a component is away").Because(errors.New("no space left on device"))
		}
		return &operationsv1.GetStatusResponse{}, nil
	}})
	client := s.client(http2(t))
	full.Store(true)
	var calling sync.WaitGroup
	for range 10 {
		calling.Go(func() {
			for range 100 {
				if _, err := client.GetStatus(t.Context(), &operationsv1.GetStatusRequest{}); connect.CodeOf(err) != connect.CodeUnavailable {
					t.Errorf("answered %v", err)
				}
			}
		})
	}
	calling.Wait()
	full.Store(false)
	if _, err := client.GetStatus(t.Context(), &operationsv1.GetStatusRequest{}); err != nil {
		t.Fatal(err)
	}
	// A line may come after its answer.
	debugged := func() (found []logged, each int) {
		for _, call := range s.calls(t) {
			if call.Msg == "call failed" && call.Level == "DEBUG" {
				each++
			} else if call.Msg != "call" {
				found = append(found, call)
			}
		}
		return found, each
	}
	eventually(t, "all is logged", func() bool { found, each := debugged(); return each == 1000 && len(found) >= 2 })
	found, _ := debugged()
	if len(found) != 2 || found[0].Level != "WARN" || found[0].Msg != "calls fail" || found[0].Code != "unavailable" || found[0].RPC != statusPath ||
		!strings.Contains(found[0].Error, "no space left on device") || found[1].Level != "INFO" || found[1].Msg != "it is over: calls fail" || found[1].RPC != statusPath {
		t.Errorf("the log holds %+v", found)
	}
}

// The trace that a REST client names in its headers goes on in the call.
func TestTheTraceOfARESTClientGoesOn(t *testing.T) {
	t.Parallel()
	seen := make(chan trace.SpanContext, 1)
	s := open(t, &shop{status: func(ctx context.Context, _ *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		seen <- trace.SpanContextFromContext(ctx)
		return &operationsv1.GetStatusResponse{}, nil
	}}, func(c *rpc.Config, _ *rpc.HandlerConfig) { c.Propagator = propagation.TraceContext{} })
	s.send(t, http1(t), "GET", "/v1/operations/status", "", nil, "Traceparent", "00-0000000000000000000000000000002a-00000000000000ab-01")
	if got := <-seen; got.TraceID().String() != "0000000000000000000000000000002a" {
		t.Errorf("trace %s", got.TraceID())
	}
}
