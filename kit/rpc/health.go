package rpc

import (
	"context"
	"sync"

	"connectrpc.com/connect/v2"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// Health answers grpc.health.v1: by service's full name, and "" for the whole
// process. What was never set is unknown.
type Health struct {
	mu      sync.Mutex
	serving map[string]bool
	// changed is closed, and replaced, whenever a status changes.
	changed chan struct{}
}

// NewHealth returns a Health that knows the process alone, as not serving.
func NewHealth() *Health {
	return &Health{serving: map[string]bool{"": false}, changed: make(chan struct{})}
}

// Set reports whether a service takes requests.
func (h *Health) Set(service string, serving bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if old, known := h.serving[service]; known && old == serving {
		return
	}
	h.serving[service] = serving
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *Health) status(service string) (healthv1.HealthCheckResponse_ServingStatus, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	serving, known := h.serving[service]
	switch {
	case !known:
		return healthv1.HealthCheckResponse_SERVICE_UNKNOWN, h.changed
	case serving:
		return healthv1.HealthCheckResponse_SERVING, h.changed
	default:
		return healthv1.HealthCheckResponse_NOT_SERVING, h.changed
	}
}

func (h *Health) register(server *connect.Server) {
	methods := healthv1.File_grpc_health_v1_health_proto.Services().ByName("Health").Methods()
	server.Register(
		connect.Method{
			Spec: connect.Spec{
				StreamType: connect.StreamTypeUnary, IdempotencyLevel: connect.IdempotencyNoSideEffects,
				Schema: methods.ByName("Check"), Procedure: healthv1.Health_Check_FullMethodName,
			},
			Handler: h.check,
		},
		connect.Method{
			Spec: connect.Spec{
				StreamType: connect.StreamTypeServer, IdempotencyLevel: connect.IdempotencyNoSideEffects,
				Schema: methods.ByName("Watch"), Procedure: healthv1.Health_Watch_FullMethodName,
			},
			Handler: h.watch,
		},
	)
}

func (h *Health) check(_ context.Context, _ connect.Spec, stream connect.ServerStream) error {
	var request healthv1.HealthCheckRequest
	if err := stream.Receive(&request); err != nil {
		return err
	}
	status, _ := h.status(request.GetService())
	if status == healthv1.HealthCheckResponse_SERVICE_UNKNOWN {
		return fault.New(fault.NotFound, fault.ReasonUnknownRPC, "there is no service %q", request.GetService())
	}
	return stream.Send(&healthv1.HealthCheckResponse{Status: status})
}

func (h *Health) watch(ctx context.Context, _ connect.Spec, stream connect.ServerStream) error {
	var request healthv1.HealthCheckRequest
	if err := stream.Receive(&request); err != nil {
		return err
	}
	last := healthv1.HealthCheckResponse_UNKNOWN
	for {
		status, changed := h.status(request.GetService())
		if status != last {
			if err := stream.Send(&healthv1.HealthCheckResponse{Status: status}); err != nil {
				return err
			}
			last = status
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
