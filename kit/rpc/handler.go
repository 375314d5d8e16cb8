package rpc

import (
	"context"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/grpcreflect/v2"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	"github.com/shopmesh/shopmesh/kit/load"
)

// GatewayFunc registers the REST routes of one service; Gateway makes one.
type GatewayFunc = func(ctx context.Context, mux *runtime.ServeMux, conn grpc.ClientConnInterface) error

// Gateway returns the GatewayFunc of a service out of its generated functions:
//
//	rpc.Gateway(orderv1.RegisterOrderServiceHandlerClient, orderv1.NewOrderServiceClient)
func Gateway[Client any](
	register func(context.Context, *runtime.ServeMux, Client) error,
	newClient func(grpc.ClientConnInterface) Client,
) GatewayFunc {
	return func(ctx context.Context, mux *runtime.ServeMux, conn grpc.ClientConnInterface) error {
		return register(ctx, mux, newClient(conn))
	}
}

// HandlerConfig lists the protocols that are served beside Connect, gRPC and gRPC-Web.
type HandlerConfig struct {
	// Gateways serve REST.
	Gateways []GatewayFunc
	// Health, when set, serves grpc.health.v1.
	Health *Health
	// Reflection serves gRPC reflection v1 and v1alpha.
	Reflection bool
	// Extra are further handlers, by their net/http pattern.
	Extra map[string]http.Handler
	// Pages get what nothing else takes; nil for an error that programs read.
	Pages Pages
	// Streams bounds the answers to requests for pages that go on; by default they have their
	// own, with DefaultStreamLimits.
	Streams *Streams
	// LocalOnly refuses requests for a host that is not this machine by name or
	// address: a web page whose own name was made to point here (DNS rebinding)
	// must not read what this machine alone is to reach.
	LocalOnly bool
	// Proxies are those whose X-Forwarded-For names the client; of nobody's by default.
	Proxies Proxies
	// Origins are other sites whose pages may call; none by default.
	Origins *Origins
	// Load bounds and sheds calls; the handlers of one process share it. Nil takes all
	// calls, as a port for operators does.
	Load *load.Limiter
	// Limits bound how often a client may call; the handlers of one process share them. Nil
	// bounds nothing, as on a port for operators.
	Limits *Limits
	// Refused is called with requests that Limits refuse; nil for nothing.
	Refused Refused
	// BodyTimeout and SendTimeout replace the constants of these names when they are not 0.
	BodyTimeout, SendTimeout time.Duration
	// StallTimeout is how long the rest of a body that was refused may take; 0 means 5 s.
	StallTimeout time.Duration
}

// NewHandler serves the RPCs that are registered on server. Register all of them
// before. It returns an error when one of them states no authorization.
func NewHandler(server *connect.Server, cfg HandlerConfig) (http.Handler, error) {
	if cfg.Health != nil {
		cfg.Health.register(server)
	}
	if cfg.Reflection {
		grpcreflect.Register(server)
	}
	if err := CheckAuthorization(server); err != nil {
		return nil, err
	}
	if cfg.Streams == nil {
		cfg.Streams = NewStreams(DefaultStreamLimits())
	}
	mux := http.NewServeMux()
	connecthttp.Mount(mux, server, wireOptions()...)
	routes := &router{rpcs: mux, errors: connecthttp.NewErrorWriter(), limits: cfg.Limits, refused: cfg.Refused, procedures: make(map[string]procedure), pages: cfg.Pages, streams: cfg.Streams}
	for spec := range server.Specs() {
		routes.procedures[spec.Procedure] = procedure{allowedMethods(spec), spec.StreamType != connect.StreamTypeUnary, cfg.Limits.of(spec)}
	}
	if len(cfg.Gateways) > 0 {
		var err error
		if routes.rest, err = newREST(server, cfg.Gateways); err != nil {
			return nil, err
		}
	}
	for pattern, handler := range cfg.Extra {
		mux.Handle(pattern, handler)
	}
	mux.Handle(everything, http.HandlerFunc(routes.unknown))
	if cfg.BodyTimeout == 0 {
		cfg.BodyTimeout = BodyTimeout
	}
	if cfg.SendTimeout == 0 {
		cfg.SendTimeout = SendTimeout
	}
	if cfg.StallTimeout == 0 {
		cfg.StallTimeout = stallTimeout
	}
	if cfg.Origins == nil {
		var err error
		if cfg.Origins, err = NewOrigins(); err != nil {
			return nil, err
		}
	}
	own := sameSite(routes.errors, cfg.LocalOnly, cfg.Origins, routes)
	guard := newGuard(server, cfg, routes.errors, cfg.Origins.allow(own))
	guard.takesPage = routes.takesPage
	return guard, nil
}
