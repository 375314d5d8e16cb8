package e2e

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/shopmesh/shopmesh/e2e/internal/contracts"
	"github.com/shopmesh/shopmesh/e2e/internal/rest"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// bearer is the header that shows a token.
func bearer(shown string) http.Header { return http.Header{token.Authorization: {"Bearer " + shown}} }

// send makes a request of a path of the API, as curl does, and returns the status and the
// answer. A body is JSON. Host among the headers is the one that the request is for.
func (s *shop) send(client *http.Client, method, path, body string, header http.Header) (int, []byte) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.api["order"]+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Host = header.Get("Host") // empty for the URL's
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, answer
}

// curl is send with the usual client.
func (s *shop) curl(method, path, body string, header http.Header) (int, []byte) {
	s.t.Helper()
	return s.send(http.DefaultClient, method, path, body, header)
}

// refusedBy makes a request as curl does, which must be refused.
func (s *shop) refusedBy(method, path, body string, header http.Header) (int, refusal) {
	s.t.Helper()
	status, answer := s.curl(method, path, body, header)
	return status, readRESTError(s.t, status, answer)
}

// overEach calls an RPC, named as in "CustomerService.ListCustomers", over each protocol, and
// returns how it was refused by each; the zero refusal where it was not. Only RPCs that read can
// be called by Connect's GET.
func (s *shop) overEach(rpc string, request proto.Message, header http.Header) map[string]refusal {
	s.t.Helper()
	method := methodOf(s.t, rpc)
	var second http.Protocols
	second.SetUnencryptedHTTP2(true)
	http2 := &http.Transport{Protocols: &second}
	defer http2.CloseIdleConnections()
	transports := map[string]connect.Transport{
		"Connect":  connecthttp.NewTransport(http.DefaultClient, s.api["order"]),
		"gRPC":     connecthttp.NewTransport(&http.Client{Transport: http2}, s.api["order"], connecthttp.WithGRPC()),
		"gRPC-Web": connecthttp.NewTransport(http.DefaultClient, s.api["order"], connecthttp.WithGRPCWeb()),
	}
	if readsOnly(method) {
		transports["Connect GET"] = connecthttp.NewTransport(http.DefaultClient, s.api["order"], connecthttp.WithHTTPGet())
	}
	refusals := map[string]refusal{}
	_, refusals["REST"] = s.overREST(method, request, header)
	for protocol, transport := range transports {
		_, refusals[protocol] = s.overRPC(transport, method, request, header)
	}
	return refusals
}

func readsOnly(method protoreflect.MethodDescriptor) bool {
	options, _ := method.Options().(*descriptorpb.MethodOptions)
	return options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}

// overRPC calls an RPC by its descriptor, and returns the answer, or how it was refused.
func (s *shop) overRPC(transport connect.Transport, method protoreflect.MethodDescriptor, request proto.Message, header http.Header) (proto.Message, refusal) {
	s.t.Helper()
	spec := connect.Spec{Procedure: contracts.Procedure(method), Schema: method}
	if readsOnly(method) {
		spec.IdempotencyLevel = connect.IdempotencyNoSideEffects
	}
	ctx, info := connect.NewClientContext(s.t.Context())
	for name, values := range header {
		info.RequestHeader().SetValues(name, values)
	}
	ctx, cancel := context.WithTimeout(ctx, testkit.Patience)
	defer cancel()
	answer := dynamicpb.NewMessage(method.Output())
	if err := connect.NewClient(transport, testkit.DocumentedReasons(s.t)).CallUnary(ctx, spec, request, answer); err != nil {
		got := testkit.RefusalOf(s.t, err)
		return nil, refusal{code: got.Code.String(), message: got.Message, reason: got.Reason, fields: got.Fields}
	}
	return answer, refusal{}
}

// statuses are the HTTP statuses of REST by their codes.
var statuses = map[string]int{
	"invalid_argument": http.StatusBadRequest, "unauthenticated": http.StatusUnauthorized, "permission_denied": http.StatusForbidden,
	"not_found": http.StatusNotFound, "aborted": http.StatusConflict, "resource_exhausted": http.StatusTooManyRequests,
}

// overREST is overRPC by the first route of the RPC that takes the request. The status is
// compared with the code.
func (s *shop) overREST(method protoreflect.MethodDescriptor, request proto.Message, header http.Header) (proto.Message, refusal) {
	s.t.Helper()
	made, err := rest.For(method, request)
	if err != nil {
		s.t.Fatal(err)
	}
	status, text := s.curl(made.Verb, made.Path, string(made.Body), header)
	if status != http.StatusOK {
		got := readRESTError(s.t, status, text)
		if statuses[got.code] != status {
			s.t.Errorf("%s %s: the status is %d for %q", made.Verb, made.Path, status, got.code)
		}
		return nil, got
	}
	answer := dynamicpb.NewMessage(method.Output())
	if err := protojson.Unmarshal(text, answer); err != nil {
		s.t.Fatalf("%s %s: %s: %v", made.Verb, made.Path, text, err)
	}
	return answer, refusal{}
}

func methodOf(t *testing.T, rpc string) protoreflect.MethodDescriptor {
	t.Helper()
	for _, method := range contracts.RPCs() {
		if strings.HasSuffix(string(method.FullName()), "."+rpc) {
			return method
		}
	}
	t.Fatalf("there is no RPC %s", rpc)
	return nil
}
