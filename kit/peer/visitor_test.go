package peer_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// A call as a visitor is the visitor's, with their address and their rights, near and far.
// Calls that it leads to are the callee's own again.
func TestCallsAsAVisitorAreTheVisitors(t *testing.T) {
	t.Parallel()
	type seen struct {
		caller  authz.Kind
		prefix  string
		agent   string
		visitor bool
	}
	calls := make(chan seen, 1)
	called := newHarnessFor(t, testkit.Authenticator("catalog", mayOperate()), &shop{public: func(ctx context.Context) {
		info, _ := connect.CallInfoForServerContext(ctx)
		agent, _, _ := strings.Cut(info.RequestHeader().Get("User-Agent"), "/")
		calls <- seen{authz.Caller(ctx).Kind, rpc.ClientPrefix(ctx).String(), agent, peer.IsVisitors(ctx)}
	}})
	signer := token.NewServiceSigner("order", testkit.ServiceKey("order"), time.Now)
	here := peer.New(nil, nil, nil)
	here.Here(called.server, "catalog")
	there := peer.New(map[string]string{"catalog": called.url}, nil, testkit.Log(t))
	t.Cleanup(there.Close)
	shown, err := testkit.Token(testkit.Customer(uuid.NewString()), "catalog")
	if err != nil {
		t.Fatal(err)
	}
	for where, others := range map[string]*peer.Peers{"in process": here, "by URL": there} {
		client := catalogv1connect.NewProductServiceClient(others.As(signer).Client("catalog"))
		for name, row := range map[string]struct {
			visitor peer.Visitor
			want    seen
		}{
			"a customer": {peer.Visitor{Token: shown, Address: netip.MustParseAddr("2001:db8:1:2:3::4"), Agent: "Browser/7"}, seen{authz.Customer, "2001:db8:1:2::/64", "Browser", false}},
			"a guest":    {peer.Visitor{Address: netip.MustParseAddr("203.0.113.9")}, seen{authz.Anonymous, "203.0.113.9/32", "", false}},
			"nowhere":    {peer.Visitor{}, seen{authz.Anonymous, "invalid Prefix", "", false}},
		} {
			if _, err := client.GetProduct(peer.AsVisitor(t.Context(), row.visitor), &catalogv1.GetProductRequest{Id: uuid.NewString()}); err != nil {
				t.Fatalf("%s, %s: %v", where, name, err)
			}
			got := <-calls
			if row.visitor.Agent == "" {
				got.agent = "" // the client's own
			}
			if got != row.want {
				t.Errorf("%s, %s: %+v, want %+v", where, name, got, row.want)
			}
		}
	}
}
