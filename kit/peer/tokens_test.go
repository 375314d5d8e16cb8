package peer_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/google/uuid"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// mayOperate lets a context's harness be called by contexts of these names.
func mayOperate() map[string][]optionsv1.Permission {
	operations := []optionsv1.Permission{optionsv1.Permission_PERMISSION_OPERATIONS}
	return map[string][]optionsv1.Permission{"order": operations, "payment": operations}
}

// orderPeers are peers as the context order has them, near and far.
func orderPeers(t *testing.T, called *harness, signer *token.ServiceSigner) map[string]operationsv1connect.OperationsServiceClient {
	t.Helper()
	here := peer.New(nil, nil, nil)
	here.Here(called.server, "catalog")
	there := peer.New(map[string]string{"catalog": called.url}, nil, testkit.Log(t))
	t.Cleanup(there.Close)
	return map[string]operationsv1connect.OperationsServiceClient{
		"in process": operationsv1connect.NewOperationsServiceClient(here.As(signer).Client("catalog")),
		"by URL":     operationsv1connect.NewOperationsServiceClient(there.As(signer).Client("catalog")),
	}
}

// A context shows another one who it is and for whom it calls, near and far; what its
// caller sent beside the token is not handed on.
func TestCallsShowWhoMakesThemAndForWhom(t *testing.T) {
	t.Parallel()
	type seen struct{ caller, sake, metadata string }
	calls := make(chan seen, 1)
	catalog := newHarnessFor(t, testkit.Authenticator("catalog", mayOperate()), &shop{
		status: func(ctx context.Context, _ *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
			got := seen{caller: authz.Caller(ctx).Key()}
			if of := authz.Caller(ctx).OnBehalfOf; of != nil {
				got.sake = of.Key()
			}
			if info, ok := connect.CallInfoForServerContext(ctx); ok {
				got.metadata = info.RequestHeader().Get("X-Secret")
			}
			calls <- got
			return &operationsv1.GetStatusResponse{}, nil
		},
	})
	customer, guest := testkit.Customer(uuid.NewString()), testkit.GuestWithCart([32]byte{5})
	for where, client := range orderPeers(t, catalog, token.NewServiceSigner("order", testkit.ServiceKey("order"), time.Now)) {
		// Its public RPC is one of catalog's contract.
		order := newHarnessFor(t, testkit.Authenticator("catalog", mayOperate()), &shop{
			public: func(ctx context.Context) { _, _ = client.GetStatus(ctx, &operationsv1.GetStatusRequest{}) },
		})
		for name, row := range map[string]struct {
			caller authz.Identity
			sake   string
		}{
			"a customer":               {customer, customer.Key()},
			"a guest":                  {guest, guest.Key()},
			"nobody":                   {testkit.Anonymous(), ""},
			"a service":                {testkit.ServiceCaller("payment"), ""},
			"a service for a customer": {testkit.OnBehalf("payment", customer), customer.Key()},
		} {
			order.callFor(t, row.caller)
			if got := <-calls; got != (seen{caller: "service/order", sake: row.sake}) {
				t.Errorf("%s, for %s: %+v", where, name, got)
			}
		}
	}
}

// Without a signer a context is nobody to the others, whoever calls it.
func TestCallsWithoutASignerShowNothing(t *testing.T) {
	t.Parallel()
	catalog := newHarnessFor(t, testkit.Authenticator("catalog", mayOperate()), &shop{})
	for where, client := range orderPeers(t, catalog, nil) {
		ctx := authz.WithCaller(t.Context(), testkit.Owner().WithToken("a token"))
		if _, err := client.GetStatus(ctx, &operationsv1.GetStatusRequest{}); connect.CodeOf(err) != connect.CodeUnauthenticated {
			t.Errorf("%s: %v", where, err)
		}
	}
	stranger, err := token.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for where, client := range orderPeers(t, catalog, token.NewServiceSigner("order", stranger, time.Now)) {
		if _, err := client.GetStatus(t.Context(), &operationsv1.GetStatusRequest{}); connect.CodeOf(err) != connect.CodeUnauthenticated {
			t.Errorf("%s, with another key: %v", where, err)
		}
	}
}

// When the caller's token expires while they are served, they learn that; a service's own
// bad token is our failure.
func TestTheCallersTokenExpiresMeanwhile(t *testing.T) {
	t.Parallel()
	catalog := newHarnessFor(t, testkit.Authenticator("catalog", mayOperate()), &shop{})
	bad := testkit.BadTokens(t, "catalog")
	signer := token.NewServiceSigner("order", testkit.ServiceKey("order"), time.Now)
	for where, client := range orderPeers(t, catalog, signer) {
		for text, want := range map[string]string{bad["expired"]: "TOKEN_EXPIRED", bad["alg none"]: "INTERNAL"} {
			order := newHarness(t, &shop{status: func(ctx context.Context, req *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
				return client.GetStatus(authz.WithCaller(ctx, testkit.Owner().WithToken(text)), req)
			}})
			_, err := clientOf(t, order).GetStatus(t.Context(), &operationsv1.GetStatusRequest{})
			if got, ok := peer.Fault(err); !ok || got.Reason() != fault.Reason(want) {
				t.Errorf("%s: %v, want %s", where, err, want)
			}
		}
	}
}

// callFor makes the harness call its peer for somebody, by the public RPC.
func (s *harness) callFor(t *testing.T, caller authz.Identity) {
	t.Helper()
	client := connect.NewClient(connecthttp.NewTransport(http.DefaultClient, s.url), testkit.As(t, caller))
	ctx, info := connect.NewClientContext(t.Context())
	info.RequestHeader().Set("X-Secret", "of the caller")
	if err := s.callPublic(ctx, client); err != nil {
		t.Fatalf("for %s: %v", caller, err)
	}
}
