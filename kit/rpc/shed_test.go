package rpc

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/load"
)

// anyCall is a call from outside whose request is there.
type anyCall struct{ connect.ServerStream }

func (anyCall) Receive(any) error { return nil }

var anySpec = connect.Spec{
	StreamType: connect.StreamTypeUnary, Procedure: "/shopmesh.order.v1.OrderService/PlaceOrder",
	Schema: operationsv1.File_shopmesh_operations_v1_operations_service_proto.Services().Get(0).Methods().Get(0),
}

func fromOutside(ctx context.Context) context.Context {
	return context.WithValue(ctx, originKey{}, &origin{door: "grpc", host: "192.0.2.1", taken: true})
}

// Health, calls within the process and streams are not counted.
func TestWhatPassesTheLoad(t *testing.T) {
	t.Parallel()
	l := load.New(load.Limits{Calls: 10, InWork: 1, Burst: time.Millisecond, Standing: time.Millisecond}, slog.New(slog.DiscardHandler))
	if err := l.Enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	call := shed(l)(func(_ context.Context, _ connect.Spec, stream connect.ServerStream) error { return stream.Receive(nil) })
	health, watch := anySpec, anySpec
	health.Procedure = "/grpc.health.v1.Health/Check"
	watch.StreamType = connect.StreamTypeServer
	inside := context.WithValue(t.Context(), originKey{}, &origin{door: doorInProcess, taken: true})
	for name, err := range map[string]error{
		"health": call(fromOutside(t.Context()), health, anyCall{}),
		"stream": call(fromOutside(t.Context()), watch, anyCall{}),
		"inside": call(inside, anySpec, anyCall{}),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := call(fromOutside(t.Context()), anySpec, anyCall{}); fault.ReasonOf(err) != fault.ReasonTooManyCalls {
		t.Errorf("one from outside: %v", err)
	}
}
