package rpc_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/grpcreflect/v2"
	http2frames "golang.org/x/net/http2"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// watching is a shop whose stream sends one message and then waits for its end.
func watching(open *atomic.Int64) *shop {
	return &shop{audit: func(ctx context.Context, _ *operationsv1.AuditRequest, send func(*operationsv1.AuditResponse) error) error {
		open.Add(1)
		defer open.Add(-1)
		if err := send(&operationsv1.AuditResponse{Context: "first"}); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}}
}

func limited(limits rpc.StreamLimits) option {
	return func(c *rpc.Config, _ *rpc.HandlerConfig) { c.Streams = rpc.NewStreams(limits) }
}

func roomy() rpc.StreamLimits {
	return rpc.StreamLimits{PerClient: 1000, Idle: time.Hour, Lifetime: time.Hour}
}

// When the process drains, every stream by every protocol ends with UNAVAILABLE
// and DRAINING, and no new one begins.
func TestDrainEndsStreams(t *testing.T) {
	t.Parallel()
	var running atomic.Int64
	s := open(t, watching(&running), limited(roomy()))
	streams := map[string]func() error{
		"Connect":  auditOver(t, s, http1(t)),
		"gRPC-Web": auditOver(t, s, http1(t), connecthttp.WithGRPCWeb()),
		"gRPC":     auditOver(t, s, http2(t), connecthttp.WithGRPC()),
	}
	for protocol, next := range streams {
		if err := next(); err != nil {
			t.Fatalf("%s: %v", protocol, err)
		}
	}
	s.streams.Drain()
	for protocol, next := range streams {
		if got := refusalOf(t, next()); got.code != "unavailable" || got.reason != "DRAINING" || got.retry == 0 {
			t.Errorf("%s ended with %v", protocol, got)
		}
	}
	// On a busy machine a new connection may be closed before it sent anything.
	var fresh refusal
	eventually(t, "a new stream is answered", func() bool {
		fresh = refusalOf(t, auditOver(t, s, http2(t))())
		return fresh.reason != ""
	})
	if fresh.reason != "DRAINING" {
		t.Errorf("a new stream: %v", fresh)
	}
	if got := s.send(t, http1(t), "GET", "/v1/operations/audit", "", nil); got.status != http.StatusServiceUnavailable {
		t.Errorf("a new stream over REST: %d %s", got.status, got.body)
	}
	if ready, problem := protocols(t, s)["gRPC"]("order"); !ready {
		t.Errorf("a unary call while draining: %v", problem)
	}
	eventually(t, "the handlers ended", func() bool { return running.Load() == 0 })
}

func TestIdleAndOldStreamsEnd(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		limits rpc.StreamLimits
		text   string
	}{
		"idle": {rpc.StreamLimits{PerClient: 10, Idle: 50 * time.Millisecond, Lifetime: time.Hour}, "no message passed for 50ms"},
		"old":  {rpc.StreamLimits{PerClient: 10, Idle: time.Hour, Lifetime: 50 * time.Millisecond}, "a stream lasts 50ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, watching(new(atomic.Int64)), limited(row.limits))
			got := refusalOf(t, drained(auditOver(t, s, http2(t), connecthttp.WithGRPC())))
			if got.reason != "DRAINING" || !strings.Contains(got.message, row.text) {
				t.Errorf("ended with %v", got)
			}
			got2 := s.send(t, http1(t), "GET", "/v1/operations/audit", "", nil)
			if !strings.Contains(string(got2.body), row.text) {
				t.Errorf("REST: %s", got2.body)
			}
		})
	}
}

// A handler that waits for its client's next message is ended, too: reflection is
// such a stream.
func TestAnIdleBidirectionalStreamEnds(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{}, limited(rpc.StreamLimits{PerClient: 1, Idle: 100 * time.Millisecond, Lifetime: time.Hour}))
	first := grpcreflect.NewClient(connect.NewClient(connecthttp.NewTransport(http2(t), s.url, connecthttp.WithGRPC())))
	eventually(t, "a stream sends its first message before it counts as idle", func() bool {
		stream := first.NewStream(t.Context())
		if _, err := stream.ListServices(); err != nil {
			_ = stream.Close()
			return false
		}
		t.Cleanup(func() { _ = stream.Close() }) // its client leaves it open
		return true
	})
	second := grpcreflect.NewClient(connect.NewClient(connecthttp.NewTransport(http2(t), s.url, connecthttp.WithGRPC())))
	eventually(t, "the idle stream made room for another", func() bool {
		stream := second.NewStream(t.Context())
		defer func() { _ = stream.Close() }()
		_, err := stream.ListServices()
		return err == nil
	})
}

// One client can't hold all streams, and what it closes it may open again.
func TestStreamsPerClientAreCapped(t *testing.T) {
	t.Parallel()
	limits := roomy()
	limits.PerClient = 2
	var running atomic.Int64
	s := open(t, watching(&running), limited(limits))
	client := s.client(http2(t), connecthttp.WithGRPC())
	first, err := client.Audit(t.Context(), &operationsv1.AuditRequest{})
	if err != nil {
		t.Fatal(err)
	}
	second := auditOver(t, s, http1(t))
	for _, next := range []func() error{func() error { _, err := first.Receive(); return err }, second} {
		if err := next(); err != nil {
			t.Fatal(err)
		}
	}
	if got := refusalOf(t, auditOver(t, s, http1(t))()); got.code != "resource_exhausted" || got.reason != "TOO_MANY_STREAMS" {
		t.Errorf("the third: %v", got)
	}
	if got := s.send(t, http1(t), "GET", "/v1/operations/audit", "", nil); got.status != http.StatusTooManyRequests {
		t.Errorf("the third, over REST: %d %s", got.status, got.body)
	}
	_ = first.Close()
	eventually(t, "the closed stream made room", func() bool { return auditOver(t, s, http1(t))() == nil })
}

// Services that come through one proxy have its address: each has streams of its own all the
// same, and none has more than its share.
func TestServicesOfOneAddressHaveTheirOwnStreams(t *testing.T) {
	t.Parallel()
	limits := roomy()
	limits.PerClient = 1
	var running atomic.Int64
	s := open(t, watching(&running), limited(limits), func(c *rpc.Config, _ *rpc.HandlerConfig) {
		c.Authenticator = callers(func(name string) (authz.Identity, error) {
			return authz.Identity{Kind: authz.Service, ID: name, Permissions: []optionsv1.Permission{optionsv1.Permission_PERMISSION_OPERATIONS}}, nil
		})
	})
	for _, name := range []string{"order", "payment"} {
		from := behind(s, map[string]string{"Authorization": name})
		if err := auditOver(t, s, from.with(http2(t)), connecthttp.WithGRPC())(); err != nil {
			t.Errorf("the first stream of %s: %v", name, err)
		}
		if got := refusalOf(t, auditOver(t, s, from.with(http2(t)), connecthttp.WithGRPC())()); got.reason != "TOO_MANY_STREAMS" {
			t.Errorf("the second stream of %s: %v", name, got)
		}
	}
}

// handlers counts those that began, and those of them that run.
type handlers struct{ begun, running atomic.Int64 }

// ended reports whether the nth handler began, and none runs.
func (h *handlers) ended(n int64) bool { return h.begun.Load() == n && h.running.Load() == 0 }

// pouring is a shop whose stream never ends by itself.
func pouring(count *handlers) *shop {
	return &shop{audit: func(_ context.Context, _ *operationsv1.AuditRequest, send func(*operationsv1.AuditResponse) error) error {
		count.running.Add(1)
		defer count.running.Add(-1)
		count.begun.Add(1)
		for {
			if err := send(&operationsv1.AuditResponse{Context: strings.Repeat("x", 1000)}); err != nil {
				return err
			}
		}
	}}
}

// A client that opens a stream and reads nothing is cut off, over HTTP/2, where it
// gives no more window, and over HTTP/1.1, where the connection is full.
func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	t.Parallel()
	limits := roomy()
	limits.Send = 100 * time.Millisecond
	var count handlers
	s := open(t, pouring(&count), limited(limits))
	frames := callRaw(t, s.addr, "/shopmesh.operations.v1.OperationsService/Audit", nil)
	if last := frames[len(frames)-1]; last.kind != http2frames.FrameRSTStream {
		t.Errorf("HTTP/2 ended with %+v", last)
	}
	eventually(t, "the handler ended", func() bool { return count.ended(1) })

	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET /v1/operations/audit HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second handler ended", func() bool { return count.ended(2) })
}

func TestAClientThatGoesAwayEndsItsStream(t *testing.T) {
	t.Parallel()
	var count handlers
	s := open(t, pouring(&count), limited(roomy()))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/operations/audit", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http1(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, res.Body, 10_000); err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	eventually(t, "the handler ended", func() bool { return count.ended(1) })
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	testkit.Eventually(t, what, done)
}
