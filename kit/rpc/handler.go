package rpc

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectproto"
	"connectrpc.com/grpcreflect/v2"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	"github.com/shopmesh/shopmesh/kit/fault"
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

// HandlerConfig says which doors stand beside Connect, gRPC and gRPC-Web.
type HandlerConfig struct {
	// Gateways open the REST door.
	Gateways []GatewayFunc
	// Health, when set, serves grpc.health.v1.
	Health *Health
	// Reflection serves gRPC reflection v1 and v1alpha.
	Reflection bool
	// Extra are further handlers, by their net/http pattern.
	Extra map[string]http.Handler
	// LocalOnly refuses requests for a host that is not this machine by name or
	// address. Where everyone counts as the owner, a web page whose own name was
	// made to point here (DNS rebinding) must not be taken for the owner.
	LocalOnly bool
	// BodyTimeout replaces the constant of this name when it is not 0.
	BodyTimeout time.Duration
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
	mux := http.NewServeMux()
	connecthttp.Mount(mux, server, wireOptions()...)
	if len(cfg.Gateways) > 0 {
		rest, err := newREST(server, cfg.Gateways)
		if err != nil {
			return nil, err
		}
		mux.Handle(restPrefix, rest)
	}
	for pattern, handler := range cfg.Extra {
		mux.Handle(pattern, handler)
	}
	errorWriter := connecthttp.NewErrorWriter()
	mux.Handle("/", unknown(errorWriter))
	if cfg.BodyTimeout == 0 {
		cfg.BodyTimeout = BodyTimeout
	}
	handler := guard(server, cfg.BodyTimeout, preflight(errorWriter, mux))
	return sameSite(errorWriter, cfg.LocalOnly, handler), nil
}

// wireOptions bounds what is read, and refuses unknown fields in JSON, where a
// misspelt field would otherwise be ignored in silence. Binary messages may hold
// unknown fields: that is how contracts grow.
func wireOptions() []connecthttp.Option {
	binary := connectproto.NewBinaryCodec()
	binary.UnmarshalOptions.RecursionLimit = maxDepth
	text := connectproto.NewJSONCodec()
	text.UnmarshalOptions.DiscardUnknown = false
	text.UnmarshalOptions.RecursionLimit = maxDepth
	return []connecthttp.Option{
		connecthttp.WithCodecs(binary, text),
		connecthttp.WithReadMaxBytes(MaxRequestBytes),
		connecthttp.WithCompressMinBytes(compressMinBytes),
	}
}

// unknown answers what no route takes. An RPC's client gets UNKNOWN_RPC in its
// own protocol, with the HTTP status 404 where the protocol leaves it free.
func unknown(errorWriter *connecthttp.ErrorWriter) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodTrace:
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		case r.Method == http.MethodPost && looksLikeRPC(r.URL.Path) && errorWriter.IsSupported(r):
			fault := unknownRPC(r.URL.Path)
			_ = errorWriter.Write(&notFoundWriter{ResponseWriter: w}, r, fromFault(fault, fault))
		default:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			w.WriteHeader(http.StatusNotFound)
			_ = json.NewEncoder(w).Encode(map[string]any{"code": 5, "message": "there is nothing at this address"})
		}
	})
}

// looksLikeRPC reports whether a path is /package.Service/Method.
func looksLikeRPC(path string) bool {
	service, method, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return ok && strings.Contains(service, ".") && method != "" && !strings.Contains(method, "/")
}

// notFoundWriter sends 404 for 501; a Connect client reads the code in the body.
type notFoundWriter struct{ http.ResponseWriter }

func (w *notFoundWriter) WriteHeader(status int) {
	if status == http.StatusNotImplemented {
		status = http.StatusNotFound
	}
	w.ResponseWriter.WriteHeader(status)
}

// preflight refuses requests that connecthttp would refuse before the chain runs,
// so that these errors carry the same details as all others.
func preflight(errorWriter *connecthttp.ErrorWriter, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if looksLikeRPC(r.URL.Path) {
			if refused := checkHeaders(r); refused != nil {
				_ = errorWriter.Write(w, r, fromFault(refused, refused))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func checkHeaders(r *http.Request) *fault.Error {
	contentType := r.Header.Get("Content-Type")
	encodingHeader, timeoutHeader := "Content-Encoding", "Connect-Timeout-Ms"
	switch {
	case strings.HasPrefix(contentType, "application/grpc"):
		encodingHeader, timeoutHeader = "Grpc-Encoding", "Grpc-Timeout"
	case strings.HasPrefix(contentType, "application/connect+"):
		encodingHeader = "Connect-Content-Encoding"
	}
	encoding := r.Header.Get(encodingHeader)
	if r.Method == http.MethodGet {
		query := r.URL.Query()
		encoding = query.Get("compression")
		for _, parameter := range []string{"encoding", "message"} {
			if !query.Has(parameter) {
				return malformed(fmt.Sprintf("the query parameter %q is missing", parameter))
			}
		}
	}
	switch encoding {
	case "", connect.CompressionNameIdentity, connect.CompressionNameGzip:
	default:
		return fault.New(fault.Unimplemented, fault.ReasonMalformedRequest,
			"the compression %q is not known: use gzip or identity", encoding)
	}
	if timeout := r.Header.Get(timeoutHeader); timeout != "" && !validTimeout(timeoutHeader, timeout) {
		return malformed(fmt.Sprintf("the header %s holds no timeout: %q", timeoutHeader, timeout))
	}
	return nil
}

// validTimeout knows gRPC's form, up to eight digits and a unit, and Connect's, up
// to ten digits of milliseconds.
func validTimeout(header, timeout string) bool {
	digits, longest := timeout, 10
	if header == "Grpc-Timeout" {
		unit := timeout[len(timeout)-1]
		digits, longest = timeout[:len(timeout)-1], 8
		if !strings.ContainsRune("HMSmun", rune(unit)) {
			return false
		}
	}
	if digits == "" || len(digits) > longest {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}
