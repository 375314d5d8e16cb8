package rpc_test

import (
	"log/slog"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectinprocess"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/telemetry"
)

// BenchmarkCall measures what the chain adds to a call within the process.
func BenchmarkCall(b *testing.B) {
	measured, err := telemetry.New(b.Context(), telemetry.Config{Service: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	chained, err := rpc.NewServer(rpc.Config{
		Log: slog.New(slog.DiscardHandler), Authenticator: authz.EveryoneIsOwner(),
		Tracer: measured.Tracer, Meter: measured.Meter, Propagator: measured.Propagator,
	})
	if err != nil {
		b.Fatal(err)
	}
	for name, server := range map[string]*connect.Server{"bare": connect.NewServer(), "chain": chained} {
		operationsv1connect.RegisterOperationsServiceHandler(server, &shop{})
		client := operationsv1connect.NewOperationsServiceClient(connect.NewClient(connectinprocess.New(server)))
		req := &operationsv1.RedriveDeadLettersRequest{Context: "order", Selection: &operationsv1.DeadLetterSelection{Ids: []int64{1, 2, 3}}}
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
