package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"connectrpc.com/connect/v2"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// restPrefix is where the REST door is.
const restPrefix = "/v1/"

// newREST translates REST requests into calls of the same server, so that each
// runs through the whole chain.
func newREST(server *connect.Server, gateways []GatewayFunc) (http.Handler, error) {
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, newRESTMarshaler()),
		runtime.WithErrorHandler(writeRESTError),
		runtime.WithRoutingErrorHandler(writeRoutingError),
		runtime.WithStreamErrorHandler(func(_ context.Context, err error) *status.Status { return restStatus(nil, err) }),
		// restConn reads the few headers that it passes on by itself.
		runtime.WithIncomingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithOutgoingHeaderMatcher(func(string) (string, bool) { return "", false }),
		// A form that is posted must not count as a GET with parameters.
		runtime.WithDisablePathLengthFallback(),
	)
	conn := newRESTConn(server)
	for _, register := range gateways {
		// The generated functions use the context for nothing when given a client.
		if err := register(context.Background(), mux, conn); err != nil {
			return nil, fmt.Errorf("open the REST door: %w", err)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if r.Method == http.MethodTrace {
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		if refused := checkContentType(r); refused != nil {
			writeStatus(w, restStatus(nil, fromFault(refused, refused)))
			return
		}
		limited := &noticedBody{ReadCloser: http.MaxBytesReader(w, r.Body, MaxRequestBytes)}
		r = r.WithContext(context.WithValue(throughREST(r.Context()), restRequestKey{}, &restRequest{
			header: r.Header, query: r.URL.Query(), body: limited,
		}))
		r.Body = limited
		mux.ServeHTTP(w, r)
	}), nil
}

// restRequest is what restConn and the error writer need of the HTTP request.
type restRequest struct {
	header http.Header
	query  url.Values
	body   *noticedBody
}

type restRequestKey struct{}

// noticedBody remembers that the body was too large: the gateway keeps only the
// text of a read error.
type noticedBody struct {
	io.ReadCloser

	tooLarge, timedOut bool
}

func (b *noticedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var limit *http.MaxBytesError
	switch {
	case errors.As(err, &limit):
		b.tooLarge = true
	case err != nil && isTimeout(err):
		b.timedOut = true
	}
	return n, err
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// checkContentType takes JSON alone. A browser sends no JSON to another site
// without asking first, so a foreign page can't post here.
func checkContentType(r *http.Request) *fault.Error {
	if r.Method != http.MethodPost && r.Method != http.MethodPut && r.Method != http.MethodPatch {
		return nil
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return malformed(fmt.Sprintf("the content type is %q: send application/json", r.Header.Get("Content-Type")))
	}
	return nil
}

// restMarshaler is ProtoJSON that refuses unknown fields, deep nesting and
// anything after the message.
type restMarshaler struct{ *runtime.JSONPb }

func newRESTMarshaler() restMarshaler {
	return restMarshaler{&runtime.JSONPb{
		UnmarshalOptions: protojson.UnmarshalOptions{RecursionLimit: maxDepth},
	}}
}

func (m restMarshaler) NewDecoder(r io.Reader) runtime.Decoder {
	return runtime.DecoderFunc(func(v any) error {
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if len(data) == 0 {
			// The gateway takes this for an empty message.
			return io.EOF
		}
		if message, ok := v.(proto.Message); ok {
			return m.UnmarshalOptions.Unmarshal(data, message)
		}
		// A field of the message; what is behind its value would be ignored.
		if !json.Valid(data) {
			return errors.New("the body is no single JSON value")
		}
		return m.Unmarshal(data, v)
	})
}

func writeRoutingError(ctx context.Context, mux *runtime.ServeMux, m runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	switch code {
	case http.StatusMethodNotAllowed:
		w.WriteHeader(code)
	case http.StatusNotFound:
		missing := fault.New(fault.NotFound, fault.ReasonUnknownRPC, "there is nothing at %s", r.URL.Path)
		writeStatus(w, restStatus(nil, fromFault(missing, missing)))
	default:
		broken := malformed(http.StatusText(code))
		writeStatus(w, restStatus(nil, fromFault(broken, broken)))
	}
}

func writeRESTError(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	request, _ := ctx.Value(restRequestKey{}).(*restRequest)
	if request == nil {
		request, _ = r.Context().Value(restRequestKey{}).(*restRequest)
	}
	writeStatus(w, restStatus(request, err))
}

// restStatus returns the status that a REST client gets. What the chain answered
// carries its details already; what the gateway itself refused gets them here.
func restStatus(request *restRequest, err error) *status.Status {
	var coded *connect.Error
	if errors.As(err, &coded) {
		return grpcStatus(coded)
	}
	told, _ := status.FromError(err)
	if len(told.Proto().GetDetails()) > 0 {
		return told
	}
	refused := malformed(told.Message())
	switch {
	case request != nil && request.body.tooLarge:
		refused = tooLarge()
	case request != nil && request.body.timedOut:
		refused = fault.New(fault.DeadlineExceeded, fault.ReasonDeadlineExceeded, "the request did not arrive in its time")
	case told.Code() != codes.InvalidArgument:
		return grpcStatus(internal(err))
	}
	return grpcStatus(fromFault(refused, refused))
}

func writeStatus(w http.ResponseWriter, told *status.Status) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	httpStatus := runtime.HTTPStatusFromCode(told.Code())
	for _, detail := range told.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.GetReason() == string(fault.ReasonRequestTooLarge) {
				httpStatus = http.StatusRequestEntityTooLarge
			}
		case *errdetails.RetryInfo:
			header.Set("Retry-After", wholeSeconds(detail.GetRetryDelay().AsDuration()))
		}
	}
	body, err := protojson.Marshal(told.Proto())
	if err != nil {
		// A detail of a type that is not linked in: the rest still helps.
		bare := proto.CloneOf(told.Proto())
		bare.Details = nil
		body, _ = protojson.Marshal(bare)
	}
	if told.Code() == codes.Unauthenticated {
		header.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(httpStatus)
	_, _ = w.Write(append(body, '\n'))
}

// checkQuery refuses a query parameter that the request has no field for; the
// gateway would ignore it in silence.
func checkQuery(message proto.Message, query url.Values) *fault.Error {
	for name := range query {
		descriptor := message.ProtoReflect().Descriptor()
		for part := range strings.SplitSeq(name, ".") {
			// A map's parameter is written name[key].
			part, _, _ = strings.Cut(part, "[")
			if descriptor == nil {
				return malformed(fmt.Sprintf("the query parameter %q is not known", name))
			}
			field := descriptor.Fields().ByTextName(part)
			if field == nil {
				field = descriptor.Fields().ByJSONName(part)
			}
			if field == nil {
				return malformed(fmt.Sprintf("the query parameter %q is not known", name))
			}
			descriptor = field.Message()
		}
	}
	return nil
}
