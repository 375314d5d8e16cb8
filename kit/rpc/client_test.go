package rpc_test

import (
	"context"
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/load"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// behind is a site whose callers send headers, as what passes requests on would.
func behind(s *site, headers map[string]string) *site {
	front := *s
	front.headers = headers
	return &front
}

// with lets a client send the site's headers.
func (s *site) with(client *http.Client) *http.Client {
	inner := client.Transport
	return &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		for name, value := range s.headers {
			r.Header.Set(name, value)
		}
		return inner.RoundTrip(r)
	})}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A request that comes through a trusted proxy counts for the client that the proxy names,
// in every protocol; through any other, for whoever sends it.
func TestOnlyATrustedProxyNamesTheClient(t *testing.T) {
	t.Parallel()
	for trusted, want := range map[string]string{
		"": "127.0.0.1/32", "10.0.0.0/8": "127.0.0.1/32", "127.0.0.0/8": "203.0.113.7/32", "127.0.0.1,10.0.0.0/8": "203.0.113.7/32",
	} {
		proxies, err := rpc.ParseProxies(trusted)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var from netip.Prefix
		s := open(t, &shop{status: func(ctx context.Context, _ *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
			mu.Lock()
			defer mu.Unlock()
			from = rpc.ClientPrefix(ctx)
			return &operationsv1.GetStatusResponse{Contexts: []*operationsv1.ContextStatus{{Ready: true}}}, nil
		}}, func(_ *rpc.Config, h *rpc.HandlerConfig) { h.Proxies = proxies })
		front := behind(s, map[string]string{"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})
		for protocol, call := range protocols(t, front) {
			if ready, refused := call("order"); !ready {
				t.Fatalf("%s: %v", protocol, refused)
			}
			mu.Lock()
			if from.String() != want {
				t.Errorf("%s behind %q: the client is %v, want %s", protocol, trusted, from, want)
			}
			mu.Unlock()
		}
	}
}

// Headers that name somebody, or something else than the caller, reach no handler and
// change nothing: not who calls, not what it may, not where it comes from.
func TestForgedHeadersChangeNothing(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var from netip.Prefix
	var caller authz.Identity
	s := open(t, &shop{status: func(ctx context.Context, _ *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		mu.Lock()
		defer mu.Unlock()
		from, caller = rpc.ClientPrefix(ctx), authz.Caller(ctx)
		return &operationsv1.GetStatusResponse{Contexts: []*operationsv1.ContextStatus{{Ready: true}}}, nil
	}})
	if _, err := s.client(http1(t)).GetStatus(t.Context(), &operationsv1.GetStatusRequest{}); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	honest := caller
	mu.Unlock()
	for _, name := range []string{
		"X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-Request-Id", "X-User", "X-Forwarded-User", "X-Remote-User", "Remote-User", "X-Auth-Request-User",
		"X-Shopmesh-Caller", "Grpc-Metadata-Authorization", "Grpc-Metadata-X-User", "Grpcgateway-Authorization", "X-Http-Method-Override", "Cookie",
	} {
		value := "198.51.100.1"
		if strings.Contains(name, "ser") || name == "Cookie" {
			value = "owner=1"
		}
		for protocol, call := range protocols(t, behind(s, map[string]string{name: value})) {
			if ready, refused := call("order"); !ready {
				t.Fatalf("%s with %s: %v", protocol, name, refused)
			}
			mu.Lock()
			if from.String() != "127.0.0.1/32" || !reflect.DeepEqual(caller, honest) {
				t.Errorf("%s with %s: %v from %v", protocol, name, caller, from)
			}
			mu.Unlock()
		}
	}
}

// Behind a proxy each client has its own share of the places: one that fills its share
// keeps nobody else out, though both come on the proxy's connections.
func TestBehindAProxyEachClientHasItsShare(t *testing.T) {
	t.Parallel()
	inside, release := make(chan struct{}, 1), make(chan struct{})
	s := open(t, &shop{status: func(_ context.Context, req *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		if req.GetContext() == "slow" {
			inside <- struct{}{}
			<-release
		}
		return &operationsv1.GetStatusResponse{Contexts: []*operationsv1.ContextStatus{{Ready: true}}}, nil
	}}, func(c *rpc.Config, h *rpc.HandlerConfig) {
		h.Proxies = rpc.Proxies{netip.MustParsePrefix("127.0.0.0/8")}
		limits := load.DefaultLimits()
		limits.InWork = load.Bound{All: 2, PerAddress: 1, PerConnection: 1}
		h.Load = load.New(limits, c.Log)
	})
	one := behind(s, map[string]string{"X-Forwarded-For": "2001:db8::1"})
	neighbour := behind(s, map[string]string{"X-Forwarded-For": "2001:db8::2"})
	other := behind(s, map[string]string{"X-Forwarded-For": "2001:db8:0:1::1"})
	first := make(chan error, 1)
	go func() {
		_, err := one.client(one.with(http2(t))).GetStatus(context.WithoutCancel(t.Context()), &operationsv1.GetStatusRequest{Context: "slow"})
		first <- err
	}()
	<-inside
	_, err := neighbour.client(neighbour.with(http2(t))).GetStatus(t.Context(), &operationsv1.GetStatusRequest{})
	if err == nil || refusalOf(t, err).reason != "TOO_MANY_CALLS" {
		t.Errorf("another address of the same /64: %v", err)
	}
	for protocol, call := range protocols(t, other) {
		if ready, refused := call("order"); !ready {
			t.Errorf("%s of another client: %v", protocol, refused)
		}
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
}
