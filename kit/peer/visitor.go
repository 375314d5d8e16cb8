package peer

import (
	"context"
	"net/netip"

	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/kit/token"
)

// Visitor is somebody who visits pages that a service makes out of others' answers.
type Visitor struct {
	// Token is what they have signed in with, or their guest's token; empty for none.
	Token string
	// Address is where they come from, as rpc.ClientPrefix shows it; not valid for nowhere.
	Address netip.Addr
	// Agent is what their browser calls itself (User-Agent); empty where that is not known.
	Agent string
}

type visitorKey struct{}

// AsVisitor returns a context whose calls are the visitor's: they may do what the visitor
// may, and count for the visitor's limits, as if their browser made them.
func AsVisitor(ctx context.Context, visitor Visitor) context.Context {
	return context.WithValue(ctx, visitorKey{}, &visitor)
}

// AsItself returns a context whose calls are the service's own again. A call within the
// process has the context of who calls it.
func AsItself(ctx context.Context) context.Context {
	return context.WithValue(ctx, visitorKey{}, (*Visitor)(nil))
}

func visitorOf(ctx context.Context) (*Visitor, bool) {
	visitor, _ := ctx.Value(visitorKey{}).(*Visitor)
	return visitor, visitor != nil
}

func (v *Visitor) show(header *connect.Header) {
	address := ""
	if v.Address.IsValid() {
		address = v.Address.String()
	}
	header.Set(token.Visitor, address)
	if v.Agent != "" {
		header.Set("User-Agent", v.Agent)
	}
	if v.Token != "" {
		header.Set(token.Caller, v.Token)
	}
}
