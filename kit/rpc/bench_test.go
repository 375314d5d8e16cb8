package rpc_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/limit"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/telemetry"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// benchServers returns a server without interceptors and one with the chain as a
// process has it.
func benchServers(b *testing.B) (bare, chained *connect.Server) {
	b.Helper()
	measured, err := telemetry.New(b.Context(), telemetry.Config{Service: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	chained, err = rpc.NewServer(rpc.Config{
		Log:           slog.New(slog.NewJSONHandler(b.Output(), &slog.HandlerOptions{Level: slog.LevelInfo})),
		Authenticator: testkit.Everyone(testkit.Owner()),
		Tracer:        measured.Tracer, Meter: measured.Meter, Propagator: measured.Propagator,
	})
	if err != nil {
		b.Fatal(err)
	}
	bare = connect.NewServer()
	for _, server := range []*connect.Server{bare, chained} {
		operationsv1connect.RegisterOperationsServiceHandler(server, &shop{})
	}
	return bare, chained
}

func benchRequest() *operationsv1.RedriveDeadLettersRequest {
	return &operationsv1.RedriveDeadLettersRequest{Context: "order", Selection: &operationsv1.DeadLetterSelection{Ids: []int64{1, 2, 3}}}
}

// BenchmarkCall measures what the chain adds to a call within the process.
func BenchmarkCall(b *testing.B) {
	bare, chained := benchServers(b)
	for name, server := range map[string]*connect.Server{"bare": bare, "chain": chained} {
		client := operationsv1connect.NewOperationsServiceClient(connect.NewClient(connectinprocess.New(server)))
		req := benchRequest()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.RedriveDeadLetters(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRequest measures a request from behind net/http on: the protocols and the
// chain beside a bare Connect handler.
func BenchmarkRequest(b *testing.B) {
	bareServer, chained := benchServers(b)
	bare := http.NewServeMux()
	connecthttp.Mount(bare, bareServer)
	protocols, err := rpc.NewHandler(chained, rpc.HandlerConfig{
		Gateways:  []rpc.GatewayFunc{rpc.Gateway(operationsv1.RegisterOperationsServiceHandlerClient, operationsv1.NewOperationsServiceClient)},
		LocalOnly: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	body, err := proto.Marshal(benchRequest())
	if err != nil {
		b.Fatal(err)
	}
	const procedure = "/shopmesh.operations.v1.OperationsService/RedriveDeadLetters"
	for _, row := range []struct {
		name, path, contentType string
		handler                 http.Handler
		body                    []byte
	}{
		{"bare", procedure, "application/proto", bare, body},
		{"connect", procedure, "application/proto", protocols, body},
		{"rest", "/v1/operations/deadLetters:redrive", "application/json", protocols, []byte(`{"context":"order","selection":{"ids":["1","2","3"]}}`)},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080"+row.path, bytes.NewReader(row.body))
				r.RemoteAddr = "127.0.0.1:40000"
				r.Header.Set("Content-Type", row.contentType)
				w := httptest.NewRecorder()
				row.handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatalf("%d: %s", w.Code, w.Body)
				}
			}
		})
	}
}

// BenchmarkToken measures what it costs a request for a public RPC to show who calls.
func BenchmarkToken(b *testing.B) {
	server, err := rpc.NewServer(rpc.Config{
		Log:           slog.New(slog.NewJSONHandler(b.Output(), &slog.HandlerOptions{Level: slog.LevelInfo})),
		Authenticator: testkit.Authenticator("catalog", nil),
	})
	if err != nil {
		b.Fatal(err)
	}
	catalogv1connect.RegisterProductServiceHandler(server, &products{})
	limits, err := rpc.NewLimits(rpc.Rates{Reads: limit.Rate{Quota: 1 << 30, Window: time.Minute}}, nil, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	handler, err := rpc.NewHandler(server, rpc.HandlerConfig{LocalOnly: true, Limits: limits})
	if err != nil {
		b.Fatal(err)
	}
	body, err := proto.Marshal(&catalogv1.GetProductRequest{Id: "01890a5d-ac96-774b-bcce-b302099a8057"})
	if err != nil {
		b.Fatal(err)
	}
	for name, caller := range map[string]authz.Identity{
		"anonymous": testkit.Anonymous(), "customer": testkit.Customer("01890a5d-ac96-774b-bcce-b302099a8057"), "owner": testkit.Owner(),
	} {
		shown, err := testkit.Token(caller, "catalog")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080"+productPath, bytes.NewReader(body))
				r.RemoteAddr = "127.0.0.1:40000"
				r.Header.Set("Content-Type", "application/proto")
				if shown != "" {
					r.Header.Set(token.Authorization, "Bearer "+shown)
				}
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatalf("%d: %s", w.Code, w.Body)
				}
			}
		})
	}
}
