package authz_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/shopmesh/shopmesh/e2e/internal/contracts"
	"github.com/shopmesh/shopmesh/e2e/internal/rest"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// The protocols, and the ports.
const (
	connectPOST, connectGET, grpc, grpcWeb, overREST = "Connect", "Connect GET", "gRPC", "gRPC-Web", "REST"
	api, internal                                    = "API", "internal"
)

// way is a protocol on a port.
type way struct{ protocol, port string }

func (w way) String() string { return w.protocol + " on the " + w.port + " port" }

// waysTo are all in which an RPC can be called.
func waysTo(method protoreflect.MethodDescriptor) []way {
	var all []way
	for _, port := range []string{api, internal} {
		all = append(all, way{connectPOST, port})
		if readsOnly(method) && !method.IsStreamingServer() {
			all = append(all, way{connectGET, port})
		}
		all = append(all, way{grpc, port}, way{grpcWeb, port})
		if len(rest.Routes(method)) > 0 {
			all = append(all, way{overREST, port})
		}
	}
	return all
}

func readsOnly(method protoreflect.MethodDescriptor) bool {
	options, _ := method.Options().(*descriptorpb.MethodOptions)
	return options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}

// answer is how a call ended.
type answer struct {
	code            connect.Code // 0 when it went well
	reason, message string
	err             error // nil when it went well, or was refused by REST
	// body is what was answered: of a stream the first message.
	body proto.Message
}

// variable is what differs between the messages of refusals that are alike.
var variable = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{3,}`)

// text is the answer without the ids in it.
func (a answer) text() string {
	return fmt.Sprintf("%s %s %q", a.code, a.reason, variable.ReplaceAllString(a.message, "…"))
}

// wire calls RPCs that are known by their descriptors.
type wire struct {
	t       *testing.T
	clients map[way]*connect.Client
	plain   *http.Client
	urls    map[string]string
}

func newWire(t *testing.T, at kitapp.Addresses) wire {
	t.Helper()
	var second http.Protocols
	second.SetUnencryptedHTTP2(true)
	one := &http.Transport{MaxIdleConnsPerHost: 2 * atOnce}
	two := &http.Transport{Protocols: &second}
	t.Cleanup(one.CloseIdleConnections)
	t.Cleanup(two.CloseIdleConnections)
	w := wire{t: t, clients: make(map[way]*connect.Client), plain: &http.Client{Transport: one}, urls: map[string]string{api: at.API, internal: at.Internal}}
	for port, url := range w.urls {
		for protocol, transport := range map[string]connect.Transport{
			connectPOST: connecthttp.NewTransport(w.plain, url),
			connectGET:  connecthttp.NewTransport(w.plain, url, connecthttp.WithHTTPGet()),
			grpc:        connecthttp.NewTransport(&http.Client{Transport: two}, url, connecthttp.WithGRPC()),
			grpcWeb:     connecthttp.NewTransport(w.plain, url, connecthttp.WithGRPCWeb()),
		} {
			w.clients[way{protocol, port}] = connect.NewClient(transport, testkit.DocumentedReasons(t))
		}
	}
	return w
}

// call calls an RPC in one of its ways. Of a stream it reads the first message.
func (w wire) call(ctx context.Context, by way, method protoreflect.MethodDescriptor, message proto.Message, header http.Header) answer {
	if by.protocol == overREST {
		return w.callREST(ctx, by, method, message, header)
	}
	ctx, info := connect.NewClientContext(ctx)
	for name, values := range header {
		info.RequestHeader().SetValues(name, values)
	}
	body, err := w.callRPC(ctx, w.clients[by], method, message)
	var coded *connect.Error
	switch {
	case err == nil:
		return answer{body: body}
	case !errors.As(err, &coded):
		return failed(err)
	}
	refusal := testkit.RefusalOf(w.t, err)
	return answer{code: refusal.Code, reason: refusal.Reason, message: refusal.Message, err: err}
}

func (w wire) callRPC(ctx context.Context, client *connect.Client, method protoreflect.MethodDescriptor, message proto.Message) (proto.Message, error) {
	body, err := bodyOf(method)
	if err != nil {
		return nil, err
	}
	spec := connect.Spec{Procedure: contracts.Procedure(method), Schema: method}
	if readsOnly(method) {
		spec.IdempotencyLevel = connect.IdempotencyNoSideEffects
	}
	if !method.IsStreamingServer() {
		return body, client.CallUnary(ctx, spec, message, body)
	}
	spec.StreamType = connect.StreamTypeServer
	stream, err := client.CallServerStream(ctx, spec, message)
	if err != nil {
		return nil, err
	}
	defer func() { _ = stream.Close() }()
	return body, stream.Receive(body)
}

// bodyOf is an empty answer of an RPC.
func bodyOf(method protoreflect.MethodDescriptor) (proto.Message, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(method.Output().FullName())
	if err != nil {
		return nil, err
	}
	return kind.New().Interface(), nil
}

// statusOf are the HTTP statuses of codes, as REST answers them.
var statusOf = map[connect.Code]int{
	connect.CodeInvalidArgument: http.StatusBadRequest, connect.CodeUnauthenticated: http.StatusUnauthorized,
	connect.CodePermissionDenied: http.StatusForbidden, connect.CodeNotFound: http.StatusNotFound,
}

func (w wire) callREST(ctx context.Context, by way, method protoreflect.MethodDescriptor, message proto.Message, header http.Header) answer {
	made, err := rest.For(method, message)
	if err != nil {
		return failed(err)
	}
	ctx, cancel := context.WithCancel(ctx) // ends a stream
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, made.Verb, w.urls[by.port]+made.Path, bytes.NewReader(made.Body))
	if err != nil {
		return failed(err)
	}
	req.Header = header.Clone()
	if made.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := w.plain.Do(req)
	if err != nil {
		return failed(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusOK {
		return answerOK(method, res.Body)
	}
	text, err := io.ReadAll(res.Body)
	var refused statuspb.Status
	if err == nil {
		err = protojson.Unmarshal(text, &refused)
	}
	if err != nil {
		return failed(fmt.Errorf("status %d: %w: %s", res.StatusCode, err, text))
	}
	got := answer{code: connect.Code(refused.GetCode()), message: refused.GetMessage()}
	for _, detail := range refused.GetDetails() {
		var about errdetails.ErrorInfo
		if detail.UnmarshalTo(&about) == nil {
			got.reason = about.GetReason()
		}
	}
	if want := statusOf[got.code]; want != res.StatusCode {
		got.message = fmt.Sprintf("status %d with the code %s, want %d: %s", res.StatusCode, got.code, want, got.message)
		got.reason = ""
	}
	return got
}

// answerOK reads an answer with the status 200, of a stream to the end of its first line.
func answerOK(method protoreflect.MethodDescriptor, body io.Reader) answer {
	read, err := bodyOf(method)
	if err != nil {
		return failed(err)
	}
	var line []byte
	if !method.IsStreamingServer() {
		if line, err = io.ReadAll(body); err == nil {
			err = protojson.Unmarshal(line, read)
		}
		if err != nil {
			return failed(fmt.Errorf("%w: %s", err, line))
		}
		return answer{body: read}
	}
	for one := make([]byte, 1); !bytes.HasSuffix(line, []byte("\n")); {
		n, err := body.Read(one)
		if line = append(line, one[:n]...); err != nil && n == 0 {
			return failed(fmt.Errorf("the stream ended after %q: %w", line, err))
		}
	}
	var first struct{ Result json.RawMessage }
	if err = json.Unmarshal(line, &first); err == nil {
		err = protojson.Unmarshal(first.Result, read)
	}
	if err != nil {
		return failed(fmt.Errorf("the stream begins with %s: %w", line, err))
	}
	return answer{body: read}
}

// failed is a call that was neither done nor refused as it should be.
func failed(err error) answer {
	return answer{code: connect.CodeUnknown, message: err.Error(), err: err}
}
