package peer_test

import (
	"context"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/propagation"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
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
	// public is called by an RPC that anyone may call.
	public func(context.Context)
}

// publicShop is the RPC that anyone may call.
type publicShop struct {
	catalogv1connect.UnimplementedProductServiceHandler

	call func(context.Context)
}

func (s publicShop) GetProduct(ctx context.Context, _ *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	s.call(ctx)
	return &catalogv1.GetProductResponse{}, nil
}

// callPublic calls that RPC, through a client of the test's.
func (*harness) callPublic(ctx context.Context, client *connect.Client) error {
	_, err := catalogv1connect.NewProductServiceClient(client).GetProduct(ctx, &catalogv1.GetProductRequest{Id: uuid.NewString()})
	return err
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
	return newHarnessFor(t, testkit.Everyone(testkit.Owner()), service)
}

func newHarnessFor(t *testing.T, authenticator authz.Authenticator, service *shop) *harness {
	t.Helper()
	server, err := rpc.NewServer(rpc.Config{
		Log: testkit.Log(t), Authenticator: authenticator, Propagator: propagation.TraceContext{},
	})
	if err != nil {
		t.Fatal(err)
	}
	operationsv1connect.RegisterOperationsServiceHandler(server, service)
	if service.public != nil {
		catalogv1connect.RegisterProductServiceHandler(server, publicShop{call: service.public})
	}
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
		ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
		defer cancel()
		if err := listener.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return &harness{url: listener.URL(), addr: listener.Addr(), server: server}
}
