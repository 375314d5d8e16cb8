package peer_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"go.opentelemetry.io/otel/propagation"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// shop is a service whose answers a test chooses.
type shop struct {
	operationsv1connect.UnimplementedOperationsServiceHandler

	status func(context.Context, *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error)
}

func (s *shop) GetStatus(ctx context.Context, req *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
	if s.status == nil {
		return &operationsv1.GetStatusResponse{}, nil
	}
	return s.status(ctx, req)
}

// harness is a running server.
type harness struct {
	url, addr string
	server    *connect.Server
}

func newHarness(t *testing.T, service *shop) *harness {
	t.Helper()
	server, err := rpc.NewServer(rpc.Config{
		Log: testkit.Log(t), Authenticator: authz.EveryoneIsOwner(), Propagator: propagation.TraceContext{},
	})
	if err != nil {
		t.Fatal(err)
	}
	operationsv1connect.RegisterOperationsServiceHandler(server, service)
	handler, err := rpc.NewHandler(server, rpc.HandlerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := rpc.Listen(t.Context(), "127.0.0.1:0", rpc.APIConnections)
	if err != nil {
		t.Fatal(err)
	}
	listener.Serve(handler, testkit.Log(t))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := listener.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return &harness{url: listener.URL(), addr: listener.Addr(), server: server}
}

// syncBuffer is a log that a test can read while the server writes.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func logTo(b *syncBuffer) *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }
