package rpc

import (
	"context"
	"net"
	"net/http"

	"connectrpc.com/connect/v2"
)

// The doors that are no wire protocol of Connect's.
const (
	doorREST      = "rest"
	doorInProcess = "inprocess"
)

// origin is where a call came from.
type origin struct {
	// door is connect, grpc, grpcweb, rest or inprocess.
	door string
	// host is the client's address without its port; empty within the process.
	host string
	// controller reaches the deadlines of the client's connection; nil within the
	// process.
	controller *http.ResponseController
}

type originKey struct{}

// seenOrigin is an origin that a call has taken: calls that its handler makes
// within the process don't take it for theirs.
type seenOrigin struct{ origin }

// withOrigin notes which client's request this is.
func withOrigin(r *http.Request, w http.ResponseWriter) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), originKey{}, origin{
		host: hostOf(r.RemoteAddr), controller: http.NewResponseController(w),
	}))
}

// throughREST notes that the call comes through the REST door.
func throughREST(ctx context.Context) context.Context {
	from, _ := ctx.Value(originKey{}).(origin)
	from.door = doorREST
	return context.WithValue(ctx, originKey{}, from)
}

// takeOrigin returns where this call came from. The context that it returns tells
// originOf the same, and calls that are made with it come from within the process.
func takeOrigin(ctx context.Context) (context.Context, origin) {
	from, _ := ctx.Value(originKey{}).(origin)
	if info, ok := connect.CallInfoForServerContext(ctx); ok && from.door == "" {
		from.door = info.Protocol
		if from.host == "" {
			from.host = hostOf(info.PeerAddr)
		}
	}
	if from.door == "" {
		from.door = doorInProcess
	}
	return context.WithValue(ctx, originKey{}, seenOrigin{from}), from
}

func originOf(ctx context.Context) origin {
	seen, _ := ctx.Value(originKey{}).(seenOrigin)
	return seen.origin
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}
