package rpc

import (
	"context"
	"net/http"
	"net/netip"

	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/token"
)

// Pages are what people see in a browser. They get the requests that no RPC, no REST route
// and no other handler takes.
type Pages interface {
	http.Handler
	// Refuse answers a request that is refused before it is served.
	Refuse(w http.ResponseWriter, r *http.Request, refused *fault.Error)
}

// takesPage reports whether a request is for a page: it is neither an RPC's nor under /v1/,
// where whatever is missing is answered as programs read it, and no other handler has it.
func (h *router) takesPage(r *http.Request) bool {
	return h.pages != nil && r.Method != http.MethodTrace && !looksLikeRPC(r.URL.Path) && !underREST(r.URL.Path) && h.otherMethods(r) == ""
}

// visit is a request for a page, whose handler calls as the visitor within the process.
type visit struct {
	limits     *Limits // nil for a port without
	procedures map[string]procedure
	streams    *Streams
}

type visitKey struct{}

// servePage serves a page. Calls that its handler makes within the process don't take the
// request's origin for theirs.
func (h *router) servePage(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	if from, ok := ctx.Value(originKey{}).(*origin); ok {
		of := *from
		of.taken = true
		ctx = context.WithValue(ctx, originKey{}, &of)
	}
	ctx = context.WithValue(ctx, visitKey{}, &visit{h.limits, h.procedures, h.streams})
	h.pages.ServeHTTP(w, r.WithContext(ctx))
}

// visitors gives a call that a service makes as a visitor of its pages the visitor's
// address, by which the call is limited and its client known. The authenticator has found
// out that a service makes it, and returned who the visitor is.
func visitors(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		info, ok := connect.CallInfoForServerContext(ctx)
		if !ok {
			return next(ctx, spec, stream)
		}
		shown := info.RequestHeader().Values(token.Visitor)
		if len(shown) == 0 {
			return next(ctx, spec, stream)
		}
		address, _ := netip.ParseAddr(shown[0]) // else it is not valid, as of one without
		from := clientAt(plainAddress(address))
		of, ok := ctx.Value(originKey{}).(*origin)
		if ok && of.taken {
			of.client = from
		}
		switch {
		case ok && of.exchange != nil:
			of.exchange.callAs(from)
		default:
			if refused := admitVisitor(ctx, spec.Procedure, from); refused != nil {
				return refused
			}
		}
		return next(peer.AsItself(ctx), spec, stream)
	}
}

// callAs lets the call count for another client than the one of its connection.
func (x *exchange) callAs(from client) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.client = from
}

// admitVisitor counts a call within the process as the same call is counted that comes from
// the visitor's browser: for the address, and for the account.
func admitVisitor(ctx context.Context, procedure string, from client) *fault.Error {
	visit, ok := ctx.Value(visitKey{}).(*visit)
	if !ok || visit.limits == nil {
		return nil
	}
	of := visit.procedures[procedure].class
	if of == nil {
		return nil
	}
	policy := of.now.Load()
	if !policy.rate.Bounds() {
		return nil
	}
	if _, refused := visit.limits.take(of, policy, limitKey{class: of.name, address: from.prefix}); refused != nil {
		return refused
	}
	caller := authz.Caller(ctx)
	if caller.Kind == authz.Anonymous {
		return nil
	}
	_, refused := visit.limits.take(of, policy, limitKey{class: of.name, account: caller.Key()})
	return refused
}
