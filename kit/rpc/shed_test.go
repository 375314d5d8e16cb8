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

// Health, calls within the process and streams take no place in work.
func TestWhatTakesNoPlace(t *testing.T) {
	t.Parallel()
	limits := load.DefaultLimits()
	limits.InWork = load.Bound{All: 1, PerAddress: 1, PerConnection: 1}
	limits.Burst, limits.Standing = time.Millisecond, time.Millisecond
	connection := load.New(limits, slog.New(slog.DiscardHandler)).Connect("192.0.2.1")
	begin := func() *load.Call {
		call, err := connection.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return call
	}
	if err := begin().Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	call := place(func(_ context.Context, _ connect.Spec, stream connect.ServerStream) error { return stream.Receive(nil) })
	outside := func(call *load.Call) context.Context {
		return context.WithValue(t.Context(), originKey{}, &origin{protocol: "grpc", exchange: &exchange{call: call}, taken: true})
	}
	watch := anySpec
	watch.StreamType = connect.StreamTypeServer
	inside := context.WithValue(t.Context(), originKey{}, &origin{protocol: protocolInProcess, taken: true})
	for name, err := range map[string]error{
		"health, which is not counted": call(outside(nil), anySpec, anyCall{}),
		"stream":                       call(outside(begin()), watch, anyCall{}),
		"inside":                       call(inside, anySpec, anyCall{}),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := call(outside(begin()), anySpec, anyCall{}); fault.ReasonOf(err) != fault.ReasonTooManyCalls {
		t.Errorf("one from outside: %v", err)
	}
}
