package rpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/grpcreflect/v2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func asConnect(err error, target **connect.Error) bool { return errors.As(err, target) }

// protocols call one RPC, GetStatus of a context, each in its own protocol.
func protocols(t *testing.T, s *site) map[string]func(context string) (ready bool, problem *refusal) {
	t.Helper()
	connectCall := func(client *http.Client, options ...connecthttp.Option) func(string) (bool, *refusal) {
		call := s.client(client, options...)
		return func(name string) (bool, *refusal) {
			res, err := call.GetStatus(t.Context(), &operationsv1.GetStatusRequest{Context: name})
			if err != nil {
				got := refusalOf(t, err)
				return false, &got
			}
			return res.GetContexts()[0].GetReady(), nil
		}
	}
	native := operationsv1.NewOperationsServiceClient(s.grpc(t))
	plain, two := s.with(http1(t)), s.with(http2(t))
	return map[string]func(string) (bool, *refusal){
		"Connect, JSON":            connectCall(plain, connecthttp.WithProtoJSON()),
		"Connect, binary":          connectCall(plain),
		"Connect, HTTP/2":          connectCall(two),
		"Connect, GET":             connectCall(plain, connecthttp.WithHTTPGet()),
		"gRPC-Web, HTTP/1.1":       connectCall(plain, connecthttp.WithGRPCWeb()),
		"gRPC-Web, JSON":           connectCall(plain, connecthttp.WithGRPCWeb(), connecthttp.WithProtoJSON()),
		"gRPC":                     connectCall(two, connecthttp.WithGRPC()),
		"gRPC of grpc-go":          func(name string) (bool, *refusal) { return callNative(t, native, name) },
		"REST over HTTP/1.1":       func(name string) (bool, *refusal) { return callREST(t, s, plain, name) },
		"REST over HTTP/2":         func(name string) (bool, *refusal) { return callREST(t, s, two, name) },
		"Connect, JSON, by itself": func(name string) (bool, *refusal) { return callPlainJSON(t, s, plain, name) },
	}
}

func callNative(t *testing.T, client operationsv1.OperationsServiceClient, name string) (bool, *refusal) {
	t.Helper()
	res, err := client.GetStatus(t.Context(), &operationsv1.GetStatusRequest{Context: name})
	if err != nil {
		return false, refusalOfStatus(status.Convert(err))
	}
	return res.GetContexts()[0].GetReady(), nil
}

func refusalOfStatus(from *status.Status) *refusal {
	got := &refusal{code: connect.Code(from.Code()).String(), message: from.Message()}
	for _, detail := range from.Details() {
		if message, ok := detail.(proto.Message); ok {
			got.add(message)
		}
	}
	return got
}

func callREST(t *testing.T, s *site, client *http.Client, name string) (bool, *refusal) {
	t.Helper()
	got := s.send(t, client, "GET", "/v1/operations/status?context="+name, "", nil)
	if got.status != http.StatusOK {
		problem := restProblem(t, got)
		return false, &problem
	}
	var res operationsv1.GetStatusResponse
	if err := protojson.Unmarshal(got.body, &res); err != nil {
		t.Fatalf("%s: %v", got.body, err)
	}
	return res.GetContexts()[0].GetReady(), nil
}

func restProblem(t *testing.T, got answer) refusal {
	t.Helper()
	var raw statuspb.Status
	if err := protojson.Unmarshal(got.body, &raw); err != nil {
		t.Fatalf("status %d, body %q: %v", got.status, got.body, err)
	}
	return *refusalOfStatus(status.FromProto(&raw))
}

func callPlainJSON(t *testing.T, s *site, client *http.Client, name string) (bool, *refusal) {
	t.Helper()
	got := s.send(t, client, "POST", statusPath, "application/json", strings.NewReader(fmt.Sprintf(`{"context":%q}`, name)))
	if got.status != http.StatusOK {
		problem := connectProblem(t, got)
		return false, &problem
	}
	return strings.Contains(string(got.body), `"ready":true`), nil
}

// connectProblem reads a Connect error as a program without a library would.
func connectProblem(t *testing.T, got answer) refusal {
	t.Helper()
	var body struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Details []struct {
			Type  string          `json:"type"`
			Debug json.RawMessage `json:"debug"`
		} `json:"details"`
	}
	if err := json.Unmarshal(got.body, &body); err != nil {
		t.Fatalf("status %d, body %q: %v", got.status, got.body, err)
	}
	problem := refusal{code: body.Code, message: body.Message}
	for _, detail := range body.Details {
		if message := detailOf(detail.Type); message != nil {
			if err := protojson.Unmarshal(detail.Debug, message); err != nil {
				t.Fatal(err)
			}
			problem.add(message)
		}
	}
	return problem
}

func detailOf(kind string) proto.Message {
	switch kind {
	case "google.rpc.ErrorInfo":
		return &errdetails.ErrorInfo{}
	case "google.rpc.BadRequest":
		return &errdetails.BadRequest{}
	case "google.rpc.RetryInfo":
		return &errdetails.RetryInfo{}
	default:
		return nil
	}
}

// A call gets the same answer through whichever protocol it comes.
func TestEveryProtocolAnswers(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	for protocol, call := range protocols(t, s) {
		if ready, problem := call("order"); !ready {
			t.Errorf("%s: %v", protocol, problem)
		}
	}
}

// A refusal has the same code, message, reason, metadata, fields and delay through
// whichever protocol the call came.
func TestEveryProtocolGivesTheSameRefusal(t *testing.T) {
	t.Parallel()
	s := open(t, failing(fault.New(fault.FailedPrecondition, "PRICE_CHANGED", "the total is 12.34 EUR").
		With("total", "12.34").Field("expected_total", "is 10.00 EUR").RetryAfter(1500*time.Millisecond).
		Because(errors.New("secret cause"))))
	want := refusal{
		code: "failed_precondition", message: "the total is 12.34 EUR", reason: "PRICE_CHANGED",
		metadata: map[string]string{"total": "12.34"}, fields: []string{"expected_total: is 10.00 EUR"}, retry: 1500 * time.Millisecond,
	}
	for protocol, call := range protocols(t, s) {
		if _, got := call("order"); got == nil || got.String() != want.String() {
			t.Errorf("%s answered %v, want %v", protocol, got, want)
		}
	}
}

// Whatever breaks inside stays inside: the caller gets a reference that the log
// has, too.
func TestEveryProtocolHidesOurFailures(t *testing.T) {
	t.Parallel()
	s := open(t, failing(errors.New("password of db-7 is hunter2")))
	for protocol, call := range protocols(t, s) {
		_, got := call("order")
		if got == nil || got.code != "internal" || got.reason != "INTERNAL" {
			t.Errorf("%s answered %v", protocol, got)
			continue
		}
		if strings.Contains(got.String(), "hunter2") {
			t.Errorf("%s showed the cause: %v", protocol, got)
		}
		reference := got.metadata["reference"]
		if reference == "" || !strings.Contains(got.message, reference) || !strings.Contains(s.log.String(), reference) {
			t.Errorf("%s: the reference %q is not in message and log", protocol, reference)
		}
	}
	if !strings.Contains(s.log.String(), "hunter2") {
		t.Error("the log lacks the cause")
	}
}

// A panic ends one call, not the process, and shows nothing.
func TestAPanicEndsOneCall(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{
		status: func(context.Context, *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
			panic("select * from secrets")
		},
		audit: func(context.Context, *operationsv1.AuditRequest, func(*operationsv1.AuditResponse) error) error {
			panic("select * from secrets")
		},
	})
	for protocol, call := range protocols(t, s) {
		if _, got := call("order"); got == nil || got.code != "internal" || strings.Contains(got.String(), "secrets") {
			t.Errorf("%s answered %v", protocol, got)
		}
	}
	stream, err := s.client(http2(t)).Audit(t.Context(), &operationsv1.AuditRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Receive(); connect.CodeOf(err) != connect.CodeInternal {
		t.Errorf("stream: %v", err)
	}
	if !strings.Contains(s.log.String(), "select * from secrets") || !strings.Contains(s.log.String(), "rpc_test.go") &&
		!strings.Contains(s.log.String(), "protocols_test.go") {
		t.Error("the log lacks the panic's stack")
	}
}

// A stream's messages arrive by every protocol, and then its error.
func TestStreamsThroughEveryProtocol(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{audit: func(_ context.Context, _ *operationsv1.AuditRequest, send func(*operationsv1.AuditResponse) error) error {
		for i := range 3 {
			if err := send(&operationsv1.AuditResponse{Context: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		return fault.New(fault.Aborted, "ORDER_STATE", "three is enough")
	}})
	plain := http1(t)
	for protocol, client := range map[string]func() (next func() error){
		"Connect":  func() func() error { return auditOver(t, s, plain) },
		"gRPC-Web": func() func() error { return auditOver(t, s, plain, connecthttp.WithGRPCWeb()) },
		"gRPC":     func() func() error { return auditOver(t, s, http2(t), connecthttp.WithGRPC()) },
	} {
		next := client()
		for i := range 3 {
			if err := next(); err != nil {
				t.Fatalf("%s, message %d: %v", protocol, i, err)
			}
		}
		if got := refusalOf(t, next()); got.reason != "ORDER_STATE" || got.code != "aborted" {
			t.Errorf("%s ended with %v", protocol, got)
		}
	}
	got := s.send(t, plain, "GET", "/v1/operations/audit", "", nil)
	lines := strings.Split(strings.TrimSpace(string(got.body)), "\n")
	if len(lines) != 4 || !strings.Contains(lines[2], `"result"`) || !strings.Contains(lines[3], "ORDER_STATE") {
		t.Errorf("REST: %q", lines)
	}
}

func auditOver(t *testing.T, s *site, client *http.Client, options ...connecthttp.Option) func() error {
	t.Helper()
	stream, err := s.client(client, options...).Audit(t.Context(), &operationsv1.AuditRequest{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stream.Close() })
	return func() error { _, err := stream.Receive(); return err }
}

func TestHealthIsServed(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	const service = "shopmesh.operations.v1.OperationsService"
	s.health.Set(service, false)
	client := healthv1.NewHealthClient(s.grpc(t))
	check := func(name string) healthv1.HealthCheckResponse_ServingStatus {
		res, err := client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: name})
		if err != nil {
			t.Fatalf("check %q: %v", name, err)
		}
		return res.GetStatus()
	}
	if got := check(""); got != healthv1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("before it is ready: %v", got)
	}
	watch, err := client.Watch(t.Context(), &healthv1.HealthCheckRequest{Service: service})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []healthv1.HealthCheckResponse_ServingStatus{
		healthv1.HealthCheckResponse_NOT_SERVING, healthv1.HealthCheckResponse_SERVING, healthv1.HealthCheckResponse_NOT_SERVING,
	} {
		res, err := watch.Recv()
		if err != nil || res.GetStatus() != want {
			t.Fatalf("watch: %v, %v; want %v", res, err, want)
		}
		s.health.Set(service, want != healthv1.HealthCheckResponse_SERVING)
	}
	if _, err := client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: "nobody"}); status.Code(err) != codes.NotFound {
		t.Errorf("an unknown service: %v", err)
	}
}

func TestReflectionListsTheServices(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	client := grpcreflect.NewClient(connect.NewClient(connecthttp.NewTransport(http2(t), s.url, connecthttp.WithGRPC())))
	stream := client.NewStream(t.Context())
	defer func() { _ = stream.Close() }()
	names, err := stream.ListServices()
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(names); !strings.Contains(got, "shopmesh.operations.v1.OperationsService") || !strings.Contains(got, "grpc.health.v1.Health") {
		t.Errorf("got %v", got)
	}
}

// Reflection is for whom the server's configuration names, and for nobody by default.
func TestReflectionIsForWhomItNames(t *testing.T) {
	t.Parallel()
	operate := &optionsv1.Authorization{Permission: optionsv1.Permission_PERMISSION_OPERATIONS}
	for _, row := range []struct {
		caller authz.Identity
		option *optionsv1.Authorization
		want   connect.Code
	}{
		{testkit.Owner(), nil, connect.CodePermissionDenied},
		{testkit.Anonymous(), operate, connect.CodeUnauthenticated},
		{testkit.Staff(optionsv1.Permission_PERMISSION_ORDERS_READ), operate, connect.CodePermissionDenied},
		{testkit.Staff(operate.GetPermission()), operate, 0},
	} {
		s := open(t, &shop{}, func(config *rpc.Config, _ *rpc.HandlerConfig) {
			config.Authenticator, config.Reflection = testkit.Everyone(row.caller), row.option
		})
		stream := grpcreflect.NewClient(connect.NewClient(connecthttp.NewTransport(http2(t), s.url, connecthttp.WithGRPC()))).NewStream(t.Context())
		_, err := stream.ListServices()
		_ = stream.Close()
		if (err != nil || row.want != 0) && connect.CodeOf(err) != row.want {
			t.Errorf("%s with %v: %v, want %v", row.caller, row.option, err, row.want)
		}
	}
}

// A deadline that a client sets is distinguished from a component that did not answer.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{status: func(ctx context.Context, req *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		if req.GetContext() == "inner" {
			return nil, fmt.Errorf("query the database: %w", context.DeadlineExceeded)
		}
		<-ctx.Done()
		return nil, fmt.Errorf("query the database: %w", ctx.Err())
	}})
	got := s.send(t, http1(t), "POST", statusPath, "application/json", strings.NewReader("{}"), "Connect-Timeout-Ms", "30")
	if problem := connectProblem(t, got); problem.reason != "DEADLINE_EXCEEDED" || problem.code != "deadline_exceeded" {
		t.Errorf("the client's deadline: %v", problem)
	}
	got = s.send(t, http1(t), "GET", "/v1/operations/status", "", nil, "Grpc-Timeout", "30m")
	if problem := restProblem(t, got); problem.reason != "DEADLINE_EXCEEDED" || got.status != http.StatusGatewayTimeout {
		t.Errorf("the REST client's deadline: %d %v", got.status, problem)
	}
	got = s.send(t, http1(t), "GET", "/v1/operations/status?context=inner", "", nil)
	if problem := restProblem(t, got); problem.reason != "UNAVAILABLE" || problem.retry == 0 || got.header.Get("Retry-After") != "1" {
		t.Errorf("a component that did not answer: %v %v", problem, got.header)
	}
}

// The log holds how each call went, and never what was in it.
func TestTheLogHoldsNoPayload(t *testing.T) {
	t.Parallel()
	s := open(t, failing(fault.New(fault.NotFound, "ORDER_NOT_FOUND", "no order of jane@example.org")))
	for _, call := range protocols(t, s) {
		_, _ = call("canary-4242424242424242")
	}
	s.send(t, http1(t), "POST", statusPath, "application/json", strings.NewReader(`{"canary-4242424242424242":1}`),
		"X-Request-Id", "evil\tid", "Authorization", "Bearer canary-token")
	log := s.log.String()
	for _, secret := range []string{"4242424242424242", "jane@example.org", "canary-token", "evil"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	for line := range strings.SplitSeq(strings.TrimSpace(log), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON line: %q", line)
		}
	}
	if !strings.Contains(log, `"reason":"ORDER_NOT_FOUND"`) || !strings.Contains(log, `"protocol":"rest"`) {
		t.Errorf("the log lacks reason or protocol: %s", log)
	}
}

// drained reads a stream to its end.
func drained(next func() error) error {
	for {
		if err := next(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}
