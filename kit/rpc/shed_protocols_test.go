package rpc_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/load"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// A call that is shed is answered alike by every protocol: RESOURCE_EXHAUSTED with the
// delay, and 429 with Retry-After over HTTP. Health is answered all the same, and a flood
// of refusals does not become a flood of log lines.
func TestEveryProtocolSheds(t *testing.T) {
	t.Parallel()
	inside, release := make(chan struct{}), make(chan struct{})
	busy := &shop{status: func(context.Context, *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		close(inside)
		<-release
		return &operationsv1.GetStatusResponse{Contexts: []*operationsv1.ContextStatus{{Ready: true}}}, nil
	}}
	s := open(t, busy, func(c *rpc.Config, h *rpc.HandlerConfig) {
		limits := load.DefaultLimits()
		limits.InWork = load.Bound{All: 1, PerAddress: 1, PerConnection: 1}
		limits.Burst, limits.Standing = time.Millisecond, time.Millisecond
		h.Load = load.New(limits, c.Log)
	})
	first := make(chan error, 1)
	go func() {
		_, err := s.client(http2(t)).GetStatus(context.WithoutCancel(t.Context()), &operationsv1.GetStatusRequest{})
		first <- err
	}()
	<-inside
	for protocol, call := range protocols(t, s) {
		_, got := call("order")
		if got == nil || got.code != "resource_exhausted" || got.reason != "TOO_MANY_CALLS" ||
			got.retry < 500*time.Millisecond || got.retry >= 1500*time.Millisecond {
			t.Errorf("%s answered %v", protocol, got)
		}
	}
	for name, got := range map[string]answer{
		"REST":    s.send(t, http1(t), "GET", "/v1/operations/status?context=order", "", nil),
		"Connect": s.send(t, http1(t), "POST", statusPath, "application/json", strings.NewReader(`{}`)),
	} {
		wait, err := strconv.Atoi(got.header.Get("Retry-After"))
		if got.status != http.StatusTooManyRequests || err != nil || wait < 1 || wait > 2 {
			t.Errorf("%s: status %d, Retry-After %q", name, got.status, got.header.Get("Retry-After"))
		}
	}
	if _, err := healthv1.NewHealthClient(s.grpc(t)).Check(t.Context(), &healthv1.HealthCheckRequest{}); err != nil {
		t.Errorf("health: %v", err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Errorf("the call in work: %v", err)
	}
	if n := strings.Count(s.log.String(), `"level":"WARN"`); n != 1 {
		t.Errorf("%d warnings:\n%s", n, s.log.String())
	}
}
