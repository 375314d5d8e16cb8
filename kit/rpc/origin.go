package rpc

import (
	"context"
	"net/http"

	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/kit/load"
)

// The protocols that are no wire protocol of Connect's.
const (
	protocolREST      = "rest"
	protocolInProcess = "inprocess"
)

// origin is where a call came from.
type origin struct {
	// protocol is connect, grpc, grpcweb, rest or inprocess.
	protocol string
	// client is who called; without a prefix and a name within the process.
	client client
	// exchange is the request that the call came in, whose deadlines it has; nil within
	// the process.
	exchange *exchange
	// taken is set once a call has taken the origin: calls that its handler makes
	// within the process don't take it for theirs.
	taken bool
}

type originKey struct{}

// withOrigin notes which client's request this is. A request is one call, which
// alone takes the origin, before its handler runs: so it needs no lock.
func withOrigin(r *http.Request, x *exchange) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), originKey{}, &origin{client: x.client, exchange: x}))
}

// throughREST notes that the call comes through REST.
func throughREST(ctx context.Context) context.Context {
	through := origin{protocol: protocolREST}
	if from, ok := ctx.Value(originKey{}).(*origin); ok {
		through.client, through.exchange = from.client, from.exchange
	}
	return context.WithValue(ctx, originKey{}, &through)
}

// takeOrigin returns where this call came from. With the context that it returns
// originOf returns the same, and calls that are made with it come from within the process.
func takeOrigin(ctx context.Context) (context.Context, origin) {
	from, ok := ctx.Value(originKey{}).(*origin)
	if !ok || from.taken {
		from = &origin{}
		ctx = context.WithValue(ctx, originKey{}, from)
	}
	if info, ok := connect.CallInfoForServerContext(ctx); ok && from.protocol == "" {
		from.protocol = info.Protocol
		if from.client.name == "" {
			from.client = clientAt(addressOf(info.PeerAddr))
		}
	}
	if from.protocol == "" {
		from.protocol = protocolInProcess
	}
	from.taken = true
	return ctx, *from
}

func originOf(ctx context.Context) origin {
	if from, ok := ctx.Value(originKey{}).(*origin); ok && from.taken {
		return *from
	}
	return origin{}
}

// callOf returns how the call is counted; nil when it is not, and within the process.
func callOf(ctx context.Context) *load.Call {
	if x := originOf(ctx).exchange; x != nil {
		return x.call
	}
	return nil
}
