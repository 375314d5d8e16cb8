package rpc_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
)

// logged is a line of the log about a call.
type logged struct {
	Level, Msg, RPC, Code, Reason string
	TookMS                        *float64 `json:"took_ms"`
}

// calls returns what the log says of calls; every line of it is one JSON object.
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

// sayOnceAndWait is a stream that lasts until its call ends.
func sayOnceAndWait(ctx context.Context, _ *operationsv1.AuditRequest, send func(*operationsv1.AuditResponse) error) error {
	if err := send(&operationsv1.AuditResponse{}); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// A client that goes away is no failure: only who looks for it (debug) reads of it.
func TestACancelledCallIsNoNews(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{audit: sayOnceAndWait})
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

// A stream that ends because the process stops is told apart from a part that is away.
func TestADrainedStreamIsNoWarning(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{audit: sayOnceAndWait})
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
