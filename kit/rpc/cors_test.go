package rpc_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/limit"
	"github.com/shopmesh/shopmesh/kit/load"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

const shopOrigin, evilOrigin = "https://shop.example", "https://evil.example"

// open for the pages of shopOrigin; the counter counts calls.
func openToPages(t *testing.T, options ...option) (*site, *atomic.Int64) {
	t.Helper()
	calls := &atomic.Int64{}
	service := &shop{status: func(ctx context.Context, _ *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		calls.Add(1)
		if info, ok := connect.CallInfoForServerContext(ctx); ok && info.RequestHeader().Has("Cookie") {
			t.Error("a cookie of another site's visitor came through")
		}
		return &operationsv1.GetStatusResponse{Contexts: []*operationsv1.ContextStatus{{Ready: true}}}, nil
	}}
	return open(t, service, append(options, func(_ *rpc.Config, h *rpc.HandlerConfig) { h.Origins = origins(t, shopOrigin) })...), calls
}

// pageRequests are what a page sends by each protocol.
func pageRequests() map[string]func(*testing.T, *site, ...string) answer {
	request := func(method, path, contentType, body string) func(*testing.T, *site, ...string) answer {
		return func(t *testing.T, s *site, headers ...string) answer {
			t.Helper()
			return s.send(t, http1(t), method, path, contentType, strings.NewReader(body), headers...)
		}
	}
	return map[string]func(*testing.T, *site, ...string) answer{
		"Connect":      request("POST", statusPath, "application/json", "{}"),
		"Connect, GET": request("GET", statusPath+"?encoding=json&message=%7B%7D", "", ""),
		"gRPC-Web":     request("POST", statusPath, "application/grpc-web+proto", "\x00\x00\x00\x00\x00"),
		"REST":         request("GET", "/v1/operations/status", "", ""),
		"REST, POST":   request("POST", redriveREST, "application/json", "{}"),
	}
}

// A page of a listed origin may call by every protocol, and read the answer with its
// headers, but brings no cookie. A page of any other may read nothing, and what changes
// something is refused.
func TestPagesOfListedOriginsMayCall(t *testing.T) {
	t.Parallel()
	s, _ := openToPages(t)
	for protocol, send := range pageRequests() {
		got := send(t, s, "Origin", shopOrigin, "Sec-Fetch-Site", "cross-site", "Cookie", "__Host-sm_rt=stolen")
		if got.status != http.StatusOK || got.header.Get("Access-Control-Allow-Origin") != shopOrigin || !slices.Contains(got.header.Values("Vary"), "Origin") {
			t.Errorf("%s of a listed origin: %d %v", protocol, got.status, got.header)
		}
		if got.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: credentials are let through", protocol)
		}
		for _, name := range []string{"Ratelimit", "Ratelimit-Policy", "Retry-After", "Grpc-Status"} {
			if exposed := got.header.Get("Access-Control-Expose-Headers"); !strings.Contains(strings.ToLower(exposed), strings.ToLower(name)) {
				t.Errorf("%s: the page can't read %s: %s", protocol, name, exposed)
			}
		}
		got = send(t, s, "Origin", evilOrigin, "Sec-Fetch-Site", "cross-site")
		if got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s of another origin may be read", protocol)
		}
		reads := protocol == "Connect, GET" || protocol == "REST"
		if refused := got.status == http.StatusForbidden || got.header.Get("Grpc-Status") == "7"; refused == reads {
			t.Errorf("%s of another origin: %d %v", protocol, got.status, got.header)
		}
	}
}

// The site's own pages keep their cookies, though their origin is listed.
func TestOwnPagesKeepTheirCookies(t *testing.T) {
	t.Parallel()
	var cookies atomic.Int64
	s := open(t, &shop{status: func(ctx context.Context, _ *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		if info, ok := connect.CallInfoForServerContext(ctx); ok && info.RequestHeader().Has("Cookie") {
			cookies.Add(1)
		}
		return &operationsv1.GetStatusResponse{Contexts: []*operationsv1.ContextStatus{{Ready: true}}}, nil
	}}, func(_ *rpc.Config, h *rpc.HandlerConfig) { h.Origins = origins(t, shopOrigin, "http://own.example") })
	for _, headers := range [][]string{
		{"Origin", shopOrigin, "Sec-Fetch-Site", "same-origin", "Cookie", "a=b"},
		{"Sec-Fetch-Site", "none", "Cookie", "a=b"},
		{"Cookie", "a=b"},
	} {
		cookies.Store(0)
		if got := s.send(t, http1(t), "POST", statusPath, "application/json", strings.NewReader("{}"), headers...); got.status != http.StatusOK || cookies.Load() != 1 {
			t.Errorf("%q: %d, %d cookies", headers, got.status, cookies.Load())
		}
	}
}

// A browser sends a preflight before it calls: that is answered without anything of the
// call being done, counted or limited, and allows what the protocols need.
func TestPreflightsCostNothing(t *testing.T) {
	t.Parallel()
	rates := rpc.Rates{Reads: limit.Rate{Quota: 1, Window: time.Hour}}
	limits, err := rpc.NewLimits(rates, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s, calls := openToPages(t, func(c *rpc.Config, h *rpc.HandlerConfig) {
		bounds := load.DefaultLimits()
		bounds.Receiving = load.Bound{} // the limiter takes no call at all
		h.Load, h.Limits = load.New(bounds, c.Log), limits
	})
	for _, row := range []struct{ path, method, headers string }{
		{statusPath, "POST", "authorization,connect-protocol-version,connect-timeout-ms,content-type"},
		{statusPath, "POST", "content-type,grpc-timeout,x-grpc-web,x-user-agent"},
		{statusPath, "GET", "authorization"},
		{"/v1/orders/1", "PATCH", "authorization,content-type,traceparent,x-request-id"},
		{"/v1/orders/1", "DELETE", "authorization"},
		{"/v1/orders/1", "PUT", "content-type"},
	} {
		for range 3 {
			got := s.send(t, http1(t), "OPTIONS", row.path, "", nil,
				"Origin", shopOrigin, "Access-Control-Request-Method", row.method, "Access-Control-Request-Headers", row.headers)
			if got.status != http.StatusNoContent || got.header.Get("Access-Control-Allow-Origin") != shopOrigin ||
				got.header.Get("Access-Control-Allow-Methods") != row.method || got.header.Get("Access-Control-Allow-Headers") != row.headers ||
				got.header.Get("Access-Control-Max-Age") != "7200" || got.header.Get("RateLimit") != "" || got.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%+v: %d %v", row, got.status, got.header)
			}
		}
	}
	for name, headers := range map[string][]string{
		"another origin": {"Origin", evilOrigin, "Access-Control-Request-Method", "POST"},
		"no origin":      {"Origin", "null", "Access-Control-Request-Method", "POST"},
		"a header":       {"Origin", shopOrigin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "shopmesh-caller"},
		"a method":       {"Origin", shopOrigin, "Access-Control-Request-Method", "TRACE"},
	} {
		if got := s.send(t, http1(t), "OPTIONS", statusPath, "", nil, headers...); got.header.Get("Access-Control-Allow-Methods") != "" {
			t.Errorf("%s is allowed: %v", name, got.header)
		}
	}
	if calls.Load() != 0 {
		t.Errorf("%d calls were made", calls.Load())
	}
}

// Without a list there is no CORS at all.
func TestNoPageMayCallByDefault(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	got := s.send(t, http1(t), "OPTIONS", statusPath, "", nil, "Origin", shopOrigin, "Access-Control-Request-Method", "POST")
	if got.status != http.StatusMethodNotAllowed || got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d %v", got.status, got.header)
	}
}

func origins(t *testing.T, list ...string) *rpc.Origins {
	t.Helper()
	made, err := rpc.NewOrigins(list...)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Other origins count from the next request on; what can't be one leaves those before.
func TestOriginsAreReplacedWhileRequestsAreServed(t *testing.T) {
	t.Parallel()
	listed := origins(t)
	s := open(t, &shop{}, func(_ *rpc.Config, h *rpc.HandlerConfig) { h.Origins = listed })
	call := func() answer {
		t.Helper()
		return s.send(t, http1(t), "POST", statusPath, "application/json", strings.NewReader("{}"), "Origin", shopOrigin, "Sec-Fetch-Site", "cross-site")
	}
	if got := call(); got.status != http.StatusForbidden || got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("before it is listed: %d %v", got.status, got.header)
	}
	if err := listed.Set([]string{shopOrigin}); err != nil {
		t.Fatal(err)
	}
	if listed.Set([]string{"no origin"}) == nil {
		t.Error("no origin is taken")
	}
	if got := call(); got.status != http.StatusOK || got.header.Get("Access-Control-Allow-Origin") != shopOrigin {
		t.Errorf("while it is listed: %d %v", got.status, got.header)
	}
	if err := listed.Set(nil); err != nil {
		t.Fatal(err)
	}
	if got := call(); got.status != http.StatusForbidden {
		t.Errorf("when it is listed no more: %d", got.status)
	}
}

// Whatever is answered, and by whom, is marked as data of one caller that no browser takes
// for a page and no cache keeps. Only where there is TLS are browsers to use nothing else.
func TestEveryAnswerIsProtected(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{}, func(_ *rpc.Config, h *rpc.HandlerConfig) {
		h.Extra = map[string]http.Handler{"GET /hook": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })}
	})
	requests := pageRequests()
	for name, path := range map[string]string{"another handler": "/hook", "nothing": "/", "no route": "/v1/nothing", "no RPC": "/shopmesh.Nothing/Nothing", "health": "/grpc.health.v1.Health/Check"} {
		requests[name] = func(t *testing.T, s *site, headers ...string) answer {
			t.Helper()
			return s.send(t, http1(t), "GET", path, "", nil, headers...)
		}
	}
	requests["gRPC"] = func(t *testing.T, s *site, _ ...string) answer {
		t.Helper()
		return s.send(t, http2(t), "POST", statusPath, "application/grpc", strings.NewReader("\x00\x00\x00\x00\x00"), "Te", "trailers")
	}
	want := map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Strict-Transport-Security": "",
	}
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		for _, headers := range [][]string{nil, {"Origin", evilOrigin, "Sec-Fetch-Site", "cross-site"}} {
			got := requests[name](t, s, headers...)
			for header, value := range want {
				if got.header.Get(header) != value || len(got.header.Values(header)) > 1 {
					t.Errorf("%s with %q: %s is %q", name, headers, header, got.header.Values(header))
				}
			}
		}
	}
}
