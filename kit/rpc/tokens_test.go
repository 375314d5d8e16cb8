package rpc_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/google/uuid"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// products answers a public RPC, and notes who called.
type products struct {
	catalogv1connect.UnimplementedProductServiceHandler

	caller atomic.Pointer[authz.Identity]
}

func (p *products) GetProduct(ctx context.Context, _ *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	caller := authz.Caller(ctx)
	p.caller.Store(&caller)
	return &catalogv1.GetProductResponse{}, nil
}

const productPath = catalogv1connect.ProductServiceGetProductProcedure

// publicCalls call a public RPC by every protocol; each returns the HTTP status, or the code, and
// the reason.
func publicCalls(t *testing.T, s *site) map[string]func(http.Header) string {
	t.Helper()
	id := uuid.NewString()
	plain := func(method, path, body string, read func(*testing.T, answer) refusal) func(http.Header) string {
		client := http1(t)
		return func(header http.Header) string {
			req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header = header.Clone()
			req.Header.Set("Content-Type", "application/json")
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			content, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode == http.StatusOK {
				return "ok"
			}
			return fmt.Sprint(res.StatusCode, " ", read(t, answer{res.StatusCode, res.Header, content}).reason)
		}
	}
	rpcs := func(client *http.Client, options ...connecthttp.Option) func(http.Header) string {
		call := catalogv1connect.NewProductServiceClient(connect.NewClient(connecthttp.NewTransport(client, s.url, options...)))
		return func(header http.Header) string {
			ctx, info := connect.NewClientContext(t.Context())
			for name, values := range header {
				info.RequestHeader().SetValues(name, values)
			}
			_, err := call.GetProduct(ctx, &catalogv1.GetProductRequest{Id: id})
			if err == nil {
				return "ok"
			}
			got := refusalOf(t, err)
			return got.code + " " + got.reason
		}
	}
	return map[string]func(http.Header) string{
		"Connect POST": plain("POST", productPath, `{"id":"`+id+`"}`, connectProblem),
		"Connect GET":  plain("GET", productPath+"?connect=v1&encoding=json&message="+url.QueryEscape(`{"id":"`+id+`"}`), "", connectProblem),
		"REST":         plain("GET", "/v1/products/"+id, "", restProblem),
		"gRPC":         rpcs(http2(t), connecthttp.WithGRPC()),
		"gRPC-Web":     rpcs(http1(t), connecthttp.WithGRPCWeb()),
	}
}

// openShop is a server with a public RPC, whose callers show tokens.
func openShop(t *testing.T, service *products, options ...option) *site {
	t.Helper()
	permissions := map[string][]optionsv1.Permission{"order": {optionsv1.Permission_PERMISSION_CATALOG_READ}, "payment": nil}
	options = append([]option{
		func(c *rpc.Config, h *rpc.HandlerConfig) {
			c.Authenticator = testkit.Authenticator("catalog", permissions)
			h.Gateways = append(h.Gateways, rpc.Gateway(catalogv1.RegisterProductServiceHandlerClient, catalogv1.NewProductServiceClient))
		},
	}, options...)
	return open(t, &shop{products: service}, options...)
}

// A bad token is refused on a public RPC too, whatever the protocol, and neither a log line
// nor a span nor an answer holds it.
func TestBadTokensAreRefusedByEveryProtocol(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	service := &products{}
	s := openShop(t, service, func(c *rpc.Config, _ *rpc.HandlerConfig) {
		c.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	})
	bad := testkit.BadTokens(t, "catalog")
	for protocol, call := range publicCalls(t, s) {
		if got := call(http.Header{}); got != "ok" {
			t.Fatalf("%s without a token: %s", protocol, got)
		}
		code := "401"
		if strings.HasPrefix(protocol, "gRPC") {
			code = "unauthenticated"
		}
		for name := range badHeaders(t, bad) {
			want := code + " UNAUTHENTICATED"
			if strings.HasPrefix(name, "expired") {
				want = code + " TOKEN_EXPIRED"
			}
			if got := call(badHeaders(t, bad)[name]); got != want {
				t.Errorf("%s, %s: %s, want %s", protocol, name, got, want)
			}
		}
	}
	shown := s.log.String()
	for _, span := range spans.Ended() {
		shown += fmt.Sprint(span.Name(), span.Attributes(), span.Events(), span.Status())
	}
	if len(spans.Ended()) == 0 || !strings.Contains(shown, "UNAUTHENTICATED") {
		t.Fatal("no spans, or no log")
	}
	for name, text := range bad {
		if len(text) > 20 && strings.Contains(shown, text[len(text)-20:]) {
			t.Errorf("a log line or a span holds the token: %s", name)
		}
	}
}

// badHeaders show bad tokens, and good ones in a way that is not. They are made for one call: a
// service's token lives for a minute.
func badHeaders(t *testing.T, bad map[string]string) map[string]http.Header {
	t.Helper()
	order, err := testkit.Token(testkit.ServiceCaller("order"), "catalog")
	if err != nil {
		t.Fatal(err)
	}
	owner, err := testkit.Token(testkit.Owner(), "")
	if err != nil {
		t.Fatal(err)
	}
	bearer := func(text string) http.Header { return http.Header{"Authorization": {"Bearer " + text}} }
	headers := map[string]http.Header{
		"an empty token":         bearer(""),
		"two headers":            {"Authorization": {"Bearer " + owner, "Bearer " + owner}},
		"another scheme":         {"Authorization": {"Basic b3duZXI6b3duZXI="}},
		"handed on by nobody":    {"Shopmesh-Caller": {owner}},
		"handed on by the owner": {"Authorization": {"Bearer " + owner}, "Shopmesh-Caller": {owner}},
		"handed on: a bad token": {"Authorization": {"Bearer " + order}, "Shopmesh-Caller": {bad["alg none"]}},
	}
	for name, text := range bad {
		headers[name] = bearer(text)
	}
	return headers
}

// A good token, and that of whom a service calls for, reaches the handler by every protocol;
// what looks like a header of gRPC's metadata does not (39 of the attacks).
func TestGoodTokensComeThroughEveryProtocol(t *testing.T) {
	t.Parallel()
	service := &products{}
	s := openShop(t, service)
	customer := testkit.Customer(uuid.NewString())
	show := func(identity authz.Identity) string {
		text, err := testkit.Token(identity, "catalog")
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for protocol, call := range publicCalls(t, s) {
		for name, row := range map[string]struct {
			header     http.Header
			want, sake string
		}{
			"a customer": {http.Header{"Authorization": {"Bearer " + show(customer)}}, customer.Key(), ""},
			"a guest":    {http.Header{"Authorization": {"Bearer " + show(testkit.GuestWithCart([32]byte{1}))}}, testkit.GuestWithCart([32]byte{1}).Key(), ""},
			"a service":  {http.Header{"Authorization": {"Bearer " + show(testkit.ServiceCaller("order"))}}, "service/order", ""},
			"a service for a customer": {http.Header{
				"Authorization": {"Bearer " + show(testkit.ServiceCaller("order"))}, "Shopmesh-Caller": {show(customer)},
			}, "service/order", customer.Key()},
			"gRPC's metadata": {http.Header{
				"Grpc-Metadata-Authorization": {"Bearer " + show(testkit.Owner())}, "Grpc-Metadata-Shopmesh-Caller": {show(testkit.Owner())},
				"X-User": {"owner"}, "Cookie": {"token=" + show(testkit.Owner())},
			}, "anonymous", ""},
		} {
			if got := call(row.header); got != "ok" {
				t.Errorf("%s, %s: %s", protocol, name, got)
				continue
			}
			caller := service.caller.Load()
			sake := ""
			if caller.OnBehalfOf != nil {
				sake = caller.OnBehalfOf.Key()
			}
			if caller.Key() != row.want || sake != row.sake {
				t.Errorf("%s, %s: %s for %q", protocol, name, caller.Key(), sake)
			}
		}
	}
}

// A plain handler lets in by the same tokens as an RPC.
func TestAPlainHandlerNeedsAPermission(t *testing.T) {
	t.Parallel()
	verifier := testkit.Authenticator("catalog", nil)
	var noted refusals
	s := open(t, &shop{}, func(_ *rpc.Config, h *rpc.HandlerConfig) {
		h.Extra = map[string]http.Handler{"/debug/": rpc.Require(verifier, optionsv1.Permission_PERMISSION_OPERATIONS, noted.note,
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, authz.Caller(r.Context()).Key())
			}))}
	})
	for name, row := range map[string]struct {
		caller authz.Identity
		status int
		text   string
	}{
		"anonymous":                  {testkit.Anonymous(), http.StatusUnauthorized, "UNAUTHENTICATED"},
		"a customer":                 {testkit.Customer(uuid.NewString()), http.StatusForbidden, "PERMISSION_OPERATIONS"},
		"staff with another":         {testkit.Staff(optionsv1.Permission_PERMISSION_STOCK_READ), http.StatusForbidden, "PERMISSION_OPERATIONS"},
		"staff with this permission": {testkit.Staff(optionsv1.Permission_PERMISSION_OPERATIONS), http.StatusOK, testkit.Staff().Key()},
		"the owner":                  {testkit.Owner(), http.StatusOK, testkit.Owner().Key()},
	} {
		var headers []string
		if text, err := testkit.Token(row.caller, ""); err != nil {
			t.Fatal(err)
		} else if text != "" {
			headers = []string{"Authorization", "Bearer " + text}
		}
		if got := s.send(t, http1(t), "GET", "/debug/x", "", nil, headers...); got.status != row.status || !strings.Contains(string(got.body), row.text) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		want := ""
		if row.status == http.StatusForbidden {
			want = "internal/debug/x from 127.0.0.1 by " + row.caller.Key() + ": PERMISSION_DENIED"
		}
		if got := noted.take(); got != want {
			t.Errorf("%s: noted is %q, not %q", name, got, want)
		}
	}
	s.send(t, http1(t), "GET", "/debug/%ff%00", "", nil, "Authorization", "Bearer bad")
	if got, want := noted.take(), "internal/debug/%ff%00 from 127.0.0.1 by anonymous: UNAUTHENTICATED"; got != want {
		t.Errorf("noted is %q, not %q", got, want)
	}
}

// epochs are those of all accounts.
type epochs struct{ of atomic.Int64 }

func (e *epochs) Current(string) (int64, bool) { return e.of.Load(), true }

// A stream whose caller was let in ends with TOKEN_EXPIRED once the token is revoked, and
// the client resumes it with the next one.
func TestStreamsEndWithTheirToken(t *testing.T) {
	t.Parallel()
	cfg, revoked := testkit.VerifierConfig("operations", nil), &epochs{}
	cfg.Epochs = revoked
	var running atomic.Int64
	s := open(t, watching(&running), func(c *rpc.Config, _ *rpc.HandlerConfig) { c.Authenticator = token.NewVerifier(cfg) })
	watch := func(epoch int64) (next func() error) {
		owner := testkit.Owner()
		owner.Epoch = epoch
		client := connect.NewClient(connecthttp.NewTransport(http2(t), s.url, connecthttp.WithGRPC()), testkit.As(t, owner))
		stream, err := operationsv1connect.NewOperationsServiceClient(client).Audit(t.Context(), &operationsv1.AuditRequest{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = stream.Close() })
		return func() error { _, err := stream.Receive(); return err }
	}
	next := watch(0)
	if err := next(); err != nil {
		t.Fatal(err)
	}
	revoked.of.Store(1)
	if err := next(); err == nil {
		t.Error("the stream went on")
	} else if got := refusalOf(t, err); got.code != "unauthenticated" || got.reason != "TOKEN_EXPIRED" {
		t.Errorf("it ended with %v", got)
	}
	if err := watch(1)(); err != nil {
		t.Errorf("with a new token: %v", err)
	}
}
