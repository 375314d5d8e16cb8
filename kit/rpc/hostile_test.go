package rpc_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/emptypb"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

const (
	redrivePath = "/shopmesh.operations.v1.OperationsService/RedriveDeadLetters"
	redriveREST = "/v1/operations/deadLetters:redrive"
)

// A body that can't be read is the client's mistake, refusal with the same reason at
// Connect and REST, and in the same words.
func TestMalformedBodies(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	client := http1(t)
	for name, body := range map[string]string{
		"no JSON":            `{"context":`,
		"another shape":      `["order"]`,
		"wrong type":         `{"context":5}`,
		"unknown field":      `{"contxt":"order"}`,
		"field twice":        `{"context":"a","context":"b"}`,
		"more behind it":     `{"context":"a"} {"context":"b"}`,
		"broken UTF-8":       "{\"context\":\"\xff\xfe\"}",
		"NaN for a number":   `{"selection":{"ids":["NaN"]}}`,
		"fraction for a num": `{"selection":{"ids":[1.5]}}`,
		"2^64 for a number":  `{"selection":{"ids":["18446744073709551616"]}}`,
		"10,000 deep":        strings.Repeat(`{"selection":`, 10_000) + strings.Repeat("}", 10_000),
		"10,000 lists":       `{"selection":{"ids":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}}",
	} {
		got := s.send(t, client, "POST", redrivePath, "application/json", strings.NewReader(body))
		if problem := connectProblem(t, got); problem.code != "invalid_argument" || problem.reason != "MALFORMED_REQUEST" || got.status != http.StatusBadRequest {
			t.Errorf("%s, Connect: %d %v", name, got.status, problem)
		}
		if strings.Contains(string(got.body), "unmarshal message") {
			t.Errorf("%s, Connect names its own steps: %s", name, got.body)
		}
		got = s.send(t, client, "POST", redriveREST, "application/json", strings.NewReader(body))
		if problem := restProblem(t, got); problem.code != "invalid_argument" || problem.reason != "MALFORMED_REQUEST" || got.status != http.StatusBadRequest {
			t.Errorf("%s, REST: %d %v", name, got.status, problem)
		}
	}
	if strings.Contains(s.log.String(), `"level":"ERROR"`) {
		t.Errorf("a client's mistake was logged as ours: %s", s.log)
	}
}

func TestMalformedBinaryBodies(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	// Field 1, a text of two bytes that are no UTF-8; and one that ends early.
	for name, body := range map[string]string{"broken UTF-8": "\x0a\x02\xff\xfe", "cut off": "\x0a\x0fab"} {
		got := s.send(t, http1(t), "POST", statusPath, "application/proto", strings.NewReader(body))
		if problem := connectProblem(t, got); problem.reason != "MALFORMED_REQUEST" || problem.code != "invalid_argument" {
			t.Errorf("%s: %v", name, problem)
		}
		err := s.grpc(t).Invoke(t.Context(), statusPath, []byte(body), &[]byte{}, grpc.ForceCodec(rawCodec{}))
		if problem := refusalOfStatus(status.Convert(err)); problem.reason != "MALFORMED_REQUEST" || problem.code != "invalid_argument" {
			t.Errorf("%s, gRPC: %v", name, problem)
		}
	}
	// Contracts grow: a field that is not known yet is no mistake in binary.
	if got := s.send(t, http1(t), "POST", statusPath, "application/proto", strings.NewReader("\xa2\x06\x01x")); got.status != http.StatusOK {
		t.Errorf("an unknown field in binary: %d %s", got.status, got.body)
	}
}

// rawCodec lets grpc-go send bytes that are no message.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error)      { return v.([]byte), nil }
func (rawCodec) Unmarshal(data []byte, v any) error { *v.(*[]byte) = data; return nil }
func (rawCodec) Name() string                       { return "proto" }

// All broken rules are listed at once, by the path in the contract.
func TestEveryBrokenRuleIsReported(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	body := `{"context":"` + strings.Repeat("x", 65) + `\u0000","selection":{"ids":["1","-2","0"]}}`
	for protocol, problem := range map[string]refusal{
		"Connect": connectProblem(t, s.send(t, http1(t), "POST", redrivePath, "application/json", strings.NewReader(body))),
		"REST":    restProblem(t, s.send(t, http1(t), "POST", redriveREST, "application/json", strings.NewReader(body))),
	} {
		all := strings.Join(problem.fields, "\n")
		for _, want := range []string{"context: must not contain U+0000", "context: must be at most 64 characters", "selection.ids[1]: ", "selection.ids[2]: "} {
			if !strings.Contains(all, want) {
				t.Errorf("%s: %q lacks %q", protocol, all, want)
			}
		}
		if problem.reason != "INVALID_FIELD" || problem.code != "invalid_argument" || len(problem.fields) != 4 {
			t.Errorf("%s: %v", protocol, problem)
		}
	}
}

// A body beyond the bound is refused by every protocol, and so is a small one that
// inflates beyond it; neither is held in memory.
func TestBodiesBeyondTheBound(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	client := http1(t)
	large := strings.Repeat("x", rpc.MaxRequestBytes+1)
	check := func(protocol string, problem refusal) {
		t.Helper()
		if problem.code != "resource_exhausted" || problem.reason != "REQUEST_TOO_LARGE" {
			t.Errorf("%s: %v", protocol, problem)
		}
	}
	check("Connect", connectProblem(t, s.send(t, client, "POST", statusPath, "application/json", strings.NewReader(`{"context":"`+large+`"}`))))
	got := s.send(t, client, "POST", redriveREST, "application/json", strings.NewReader(`{"context":"`+large+`"}`))
	check("REST", restProblem(t, got))
	if got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("REST status %d", got.status)
	}
	_, err := operationsv1.NewOperationsServiceClient(s.grpc(t)).GetStatus(t.Context(), &operationsv1.GetStatusRequest{Context: large})
	check("gRPC", *refusalOfStatus(status.Convert(err)))
	_, err = s.client(client, connecthttp.WithGRPCWeb()).GetStatus(t.Context(), &operationsv1.GetStatusRequest{Context: large})
	check("gRPC-Web", refusalOf(t, err))
	// An envelope that promises 4 GiB.
	got = s.send(t, client, "POST", statusPath, "application/grpc-web+proto", strings.NewReader("\x00\xff\xff\xff\xff"+large))
	if got.header.Get("Grpc-Status") != "8" {
		t.Errorf("a promise of 4 GiB: %v", got.header)
	}
}

// A client that sends all of a large body before it reads sees the refusal, not a
// connection that was reset.
func TestARefusedBodyIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	address := strings.TrimPrefix(s.url, "http://")
	body := `{"context":"` + strings.Repeat("x", 5*rpc.MaxRequestBytes) + `"}`
	for _, path := range []string{statusPath, redriveREST} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(testkit.Patience)); err != nil {
			t.Fatal(err)
		}
		head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, address, len(body))
		if _, err := io.WriteString(conn, head+body); err != nil {
			t.Errorf("%s: the connection was cut while the body was sent: %v", path, err)
			continue
		}
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.Contains(string(answer), "a request may hold") {
			t.Errorf("%s: %q, %v", path, answer, err)
		}
	}
}

// Not parallel: what the process allocates is counted, and that of other tests too.
func TestAGzipBombIsNotHeld(t *testing.T) {
	s := open(t, &shop{})
	var bomb bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&bomb, gzip.BestCompression)
	if _, err := io.CopyN(writer, zeros{}, 1<<28); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := s.send(t, http1(t), "POST", statusPath, "application/json", bytes.NewReader(bomb.Bytes()), "Content-Encoding", "gzip")
	runtime.ReadMemStats(&after)
	if problem := connectProblem(t, got); problem.reason != "REQUEST_TOO_LARGE" {
		t.Errorf("%v", problem)
	}
	if grown := int64(after.TotalAlloc) - int64(before.TotalAlloc); grown > 64<<20 {
		t.Errorf("allocated %d bytes for a bomb of %d", grown, bomb.Len())
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// What connecthttp would refuse before the chain carries the same details.
func TestRefusalsBeforeTheChain(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	client := http1(t)
	for name, got := range map[string]answer{
		"unknown compression": s.send(t, client, "POST", statusPath, "application/json", strings.NewReader("{}"), "Content-Encoding", "br"),
		"broken timeout":      s.send(t, client, "POST", statusPath, "application/json", strings.NewReader("{}"), "Connect-Timeout-Ms", "soon"),
		"negative timeout":    s.send(t, client, "POST", statusPath, "application/json", strings.NewReader("{}"), "Connect-Timeout-Ms", "-1"),
		"GET without message": s.send(t, client, "GET", statusPath+"?encoding=json", "", nil),
		"GET, unknown base64": s.send(t, client, "GET", statusPath+"?encoding=proto&base64=1&message=!!", "", nil),
	} {
		if problem := connectProblem(t, got); problem.reason != "MALFORMED_REQUEST" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	got := s.send(t, client, "POST", statusPath, "application/grpc-web", strings.NewReader(""), "Grpc-Timeout", "5 years")
	if got.header.Get("Grpc-Status") != "3" || got.header.Get("Grpc-Status-Details-Bin") == "" {
		t.Errorf("gRPC-Web's timeout: %v", got.header)
	}
	message := base64.RawURLEncoding.EncodeToString([]byte("\x0a\x05order"))
	if got := s.send(t, client, "GET", statusPath+"?encoding=proto&base64=1&message="+message, "", nil); got.status != http.StatusOK {
		t.Errorf("a good GET: %d %s", got.status, got.body)
	}
}

func TestUnknownRPCs(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	client := http1(t)
	for _, path := range []string{"/shopmesh.operations.v1.OperationsService/Nothing", "/shopmesh.nowhere.v1.NoService/Nothing"} {
		problem := connectProblem(t, s.send(t, client, "POST", path, "application/json", strings.NewReader("{}")))
		if problem.code != "unimplemented" || problem.reason != "UNKNOWN_RPC" {
			t.Errorf("%s: %v", path, problem)
		}
		err := s.grpc(t).Invoke(t.Context(), path, &emptypb.Empty{}, &emptypb.Empty{})
		if problem := refusalOfStatus(status.Convert(err)); problem.code != "unimplemented" || problem.reason != "UNKNOWN_RPC" {
			t.Errorf("%s, gRPC: %v", path, problem)
		}
		got := s.send(t, client, "GET", path+"?connect=v1&encoding=json&message=%7B%7D", "", nil)
		if problem := connectProblem(t, got); got.status != http.StatusNotFound || problem.code != "unimplemented" || problem.reason != "UNKNOWN_RPC" {
			t.Errorf("%s, Connect GET: %d %v", path, got.status, problem)
		}
	}
	got := s.send(t, client, "POST", "/shopmesh.nowhere.v1.NoService/Nothing", "application/json", strings.NewReader("{}"))
	if got.status != http.StatusNotFound {
		t.Errorf("an unknown service: status %d", got.status)
	}
	got = s.send(t, client, "GET", "/v1/nothing", "", nil)
	if problem := restProblem(t, got); got.status != http.StatusNotFound || problem.reason != "UNKNOWN_RPC" {
		t.Errorf("REST: %d %v", got.status, problem)
	}
	for _, path := range []string{"/", "/metrics", "/debug/pprof/", "/readyz"} {
		if got := s.send(t, client, "GET", path, "", nil); got.status != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, got.status)
		}
	}
	for _, path := range []string{"/", "/v1/operations/status"} {
		if got := s.send(t, client, "TRACE", path, "", nil); got.status != http.StatusMethodNotAllowed {
			t.Errorf("TRACE %s: %d", path, got.status)
		}
	}
}

// Nothing is ignored in silence, and no foreign page can post by way of a form.
func TestRESTTakesWhatItKnows(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	client := http1(t)
	for name, got := range map[string]answer{
		"unknown parameter": s.send(t, client, "GET", "/v1/operations/status?contxt=order", "", nil),
		"broken parameter":  s.send(t, client, "GET", "/v1/operations/deadLetters?pageSize=many", "", nil),
		"text/plain":        s.send(t, client, "POST", redriveREST, "text/plain", strings.NewReader(`{}`)),
		"a form":            s.send(t, client, "POST", redriveREST, "application/x-www-form-urlencoded", strings.NewReader(`context=order`)),
		"no content type":   s.send(t, client, "POST", redriveREST, "", strings.NewReader(`{}`)),
	} {
		if problem := restProblem(t, got); problem.reason != "MALFORMED_REQUEST" || got.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	form := s.send(t, client, "POST", "/v1/operations/status", "application/x-www-form-urlencoded", strings.NewReader(`context=order`), "X-HTTP-Method-Override", "GET")
	if form.status != http.StatusMethodNotAllowed {
		t.Errorf("a form as a GET: %d %s", form.status, form.body)
	}
	got := s.send(t, client, "POST", redriveREST, "application/json; charset=utf-8", strings.NewReader(`{"context":"order","selection":{"ids":["7"]}}`))
	if got.status != http.StatusOK || !strings.Contains(string(got.body), `"redriven":"1"`) {
		t.Errorf("a good one: %d %s", got.status, got.body)
	}
}

// REST has the same lock: no header that a client makes up opens it.
func TestRESTGoesThroughAuthorization(t *testing.T) {
	t.Parallel()
	byToken := authz.AuthenticatorFunc(func(_ context.Context, header authz.Header) (authz.Identity, error) {
		switch header.Get("Authorization") {
		case "":
			return authz.Identity{}, nil
		case "Bearer owner":
			return authz.Identity{Kind: authz.Owner}, nil
		case "Bearer customer":
			return authz.Identity{Kind: authz.Customer, ID: "c"}, nil
		default:
			return authz.Identity{}, fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated, "this token is not good")
		}
	})
	s := open(t, &shop{}, func(c *rpc.Config, _ *rpc.HandlerConfig) { c.Authenticator = byToken })
	client := http1(t)
	for token, want := range map[string]struct {
		reason string
		status int
	}{
		"": {"UNAUTHENTICATED", 401}, "Bearer forged": {"UNAUTHENTICATED", 401},
		"Bearer customer": {"PERMISSION_DENIED", 403}, "Bearer owner": {"", 200},
	} {
		headers := []string{"Grpc-Metadata-Authorization", "Bearer owner", "X-User", "owner", "X-Forwarded-For", "127.0.0.1"}
		if token != "" {
			headers = append(headers, "Authorization", token)
		}
		got := s.send(t, client, "GET", "/v1/operations/status", "", nil, headers...)
		reason := ""
		if got.status != http.StatusOK {
			reason = restProblem(t, got).reason
		}
		if got.status != want.status || reason != want.reason {
			t.Errorf("REST, %q: %d %s, want %v", token, got.status, reason, want)
		}
		got = s.send(t, client, "POST", statusPath, "application/json", strings.NewReader("{}"), headers...)
		if got.status != want.status {
			t.Errorf("Connect, %q: %d, want %d", token, got.status, want.status)
		}
	}
	// Who may not call learns nothing of the rules, and costs no parsing.
	got := s.send(t, client, "POST", statusPath, "application/json", strings.NewReader("no JSON"))
	if got.status != http.StatusUnauthorized {
		t.Errorf("an anonymous caller's body was read: %d", got.status)
	}
}

// An RPC without an authorization option is never served.
func TestAnRPCWithoutAuthorizationIsRefused(t *testing.T) {
	t.Parallel()
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("open.proto"), Package: new("shopmesh.open.v1"), Syntax: new("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: new("Nothing")}},
		Service: []*descriptorpb.ServiceDescriptorProto{{
			Name: new("OpenService"),
			Method: []*descriptorpb.MethodDescriptorProto{{
				Name: new("Open"), InputType: new(".shopmesh.open.v1.Nothing"), OutputType: new(".shopmesh.open.v1.Nothing"),
			}},
		}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	server, err := rpc.NewServer(rpc.Config{Authenticator: testkit.Everyone(testkit.Owner())})
	if err != nil {
		t.Fatal(err)
	}
	server.Register(connect.Method{
		Spec: connect.Spec{
			StreamType: connect.StreamTypeUnary, Procedure: "/shopmesh.open.v1.OpenService/Open",
			Schema: file.Services().Get(0).Methods().Get(0),
		},
		Handler: func(context.Context, connect.Spec, connect.ServerStream) error { t.Error("it was called"); return nil },
	})
	if _, err := rpc.NewHandler(server, rpc.HandlerConfig{}); err == nil || !strings.Contains(err.Error(), "shopmesh.open.v1.OpenService.Open") {
		t.Errorf("NewHandler: %v", err)
	}
	// Even one that was registered behind its back lets nobody in.
	err = server.Call(t.Context(), "/shopmesh.open.v1.OpenService/Open", nil, nil)
	if connect.CodeOf(err) != connect.CodePermissionDenied {
		t.Errorf("called: %v", err)
	}
}

// A client that sends its headers or its body drop by drop is let go.
func TestSlowClientsAreLetGo(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{}, func(_ *rpc.Config, h *rpc.HandlerConfig) { h.BodyTimeout = 100 * time.Millisecond })
	for _, head := range []string{
		"POST " + statusPath + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
		"POST " + redriveREST + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
	} {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, head); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(testkit.Patience))
		reply, err := io.ReadAll(conn)
		if err != nil {
			t.Errorf("the connection stayed open: %v", err)
		}
		if !strings.Contains(string(reply), "DEADLINE_EXCEEDED") {
			t.Errorf("answered %q", reply)
		}
		_ = conn.Close()
	}
	// gRPC: the same for a message whose end does not come.
	reader, writer := io.Pipe()
	defer func() { _ = writer.Close() }()
	go func() { _, _ = writer.Write([]byte("\x00\x00\x00\x00\x10a")) }()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+statusPath, reader)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/grpc")
	res, err := http2(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if got := res.Header.Get("Grpc-Status"); got != "4" {
		t.Errorf("gRPC: status %q, %v", got, res.Header)
	}
	// A body that came in time leaves a slow answer alone.
	slow := open(t, &shop{status: func(context.Context, *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		<-time.After(300 * time.Millisecond)
		return &operationsv1.GetStatusResponse{}, nil
	}}, func(_ *rpc.Config, h *rpc.HandlerConfig) { h.BodyTimeout = 100 * time.Millisecond })
	if got := slow.send(t, http1(t), "POST", statusPath, "application/json", strings.NewReader("{}")); got.status != http.StatusOK {
		t.Errorf("a slow answer: %d %s", got.status, got.body)
	}
}
