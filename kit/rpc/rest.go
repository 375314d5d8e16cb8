package rpc

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
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

// restPrefix is where REST is served.
const restPrefix = "/v1/"

func underREST(path string) bool { return strings.HasPrefix(path, restPrefix) }

// rest translates REST requests into calls of the same server, so that each runs
// through the whole chain.
type rest struct {
	mux    *runtime.ServeMux
	routes restRoutes
}

func newREST(server *connect.Server, gateways []GatewayFunc) (*rest, error) {
	h := &rest{routes: restRoutesOf(server)}
	h.mux = runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, newRESTMarshaler()),
		runtime.WithErrorHandler(writeRESTError),
		runtime.WithRoutingErrorHandler(h.writeRoutingError),
		runtime.WithStreamErrorHandler(func(_ context.Context, err error) *status.Status { return restStatus(err) }),
		// restConn reads the few headers that it passes on by itself.
		runtime.WithIncomingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithOutgoingHeaderMatcher(func(string) (string, bool) { return "", false }),
		// A form that is posted must not count as a GET with parameters.
		runtime.WithDisablePathLengthFallback(),
	)
	conn := newRESTConn(server, h.routes)
	for _, register := range gateways {
		// The generated functions use the context for nothing when given a client.
		if err := register(context.Background(), h.mux, conn); err != nil {
			return nil, fmt.Errorf("register REST routes: %w", err)
		}
	}
	return h, nil
}

// ServeHTTP implements http.Handler.
func (h *rest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := &restRequest{header: r.Header, query: r.URL.Query(), answer: w.Header()}
	if methods := h.routes.methods(r.URL.Path); !allows(methods, r.Method) {
		writeUnrouted(w, r, methods)
		return
	}
	if refused := checkContentType(r); refused != nil {
		writeStatus(w, grpcStatus(fromFault(refused, refused)), 0)
		return
	}
	if hasRESTBody(r) && !knownEncoding(r.Header.Get("Content-Encoding")) {
		w.Header().Set("Accept-Encoding", "gzip")
		refused := unknownCompression(r.Header.Get("Content-Encoding"))
		writeStatus(w, grpcStatus(fromFault(refused, refused)), http.StatusUnsupportedMediaType)
		return
	}
	body, refused := readRESTBody(r)
	if refused != nil {
		writeStatus(w, grpcStatus(fromFault(refused, refused)), 0)
		return
	}
	r = r.WithContext(context.WithValue(throughREST(r.Context()), restRequestKey{}, request))
	r.Body = body
	h.mux.ServeHTTP(w, r)
}

func hasRESTBody(r *http.Request) bool {
	return r.Body != nil && r.Body != http.NoBody && r.Method != http.MethodGet && r.Method != http.MethodDelete
}

// readRESTBody reads the body before the gateway does: the gateway builds the mask of
// an update from it, and would build anything.
func readRESTBody(r *http.Request) (*restBody, *fault.Error) {
	if !hasRESTBody(r) {
		return &restBody{&bytes.Buffer{}}, nil
	}
	var buffer bytes.Buffer
	var content io.Reader = r.Body
	var err error
	if r.Header.Get("Content-Encoding") == connect.CompressionNameGzip {
		content, err = gzip.NewReader(r.Body)
	} else if r.ContentLength > 0 {
		buffer.Grow(int(min(r.ContentLength, MaxRequestBytes)) + bytes.MinRead)
	}
	if err == nil {
		_, err = buffer.ReadFrom(io.LimitReader(content, MaxRequestBytes+1))
	}
	var limit *http.MaxBytesError
	switch {
	case errors.As(err, &limit), buffer.Len() > MaxRequestBytes:
		return nil, tooLarge()
	case isTimeout(err):
		return nil, late()
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, new(flate.CorruptInputError)):
		return nil, malformed("its body is no gzip").Because(err)
	case err != nil:
		return nil, malformed("the request ended early").Because(err)
	}
	if refused := checkJSON(buffer.Bytes()); refused != nil {
		return nil, refused
	}
	return &restBody{&buffer}, nil
}

// restBody is a body that was read.
type restBody struct{ *bytes.Buffer }

// Close implements io.Closer.
func (*restBody) Close() error { return nil }

// restRequest is what restConn needs of the HTTP request.
type restRequest struct {
	header http.Header
	query  url.Values
	// answer are the headers of the response.
	answer http.Header
}

type restRequestKey struct{}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// checkContentType takes JSON alone. A browser sends no JSON to another site
// without a preflight request, so a foreign page can't post here.
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

// streamType is the type of an answer that is a JSON value a line.
const streamType = "application/x-ndjson"

// StreamContentType is the type of a stream.
func (m restMarshaler) StreamContentType(any) string { return streamType }

func (m restMarshaler) NewDecoder(r io.Reader) runtime.Decoder {
	return runtime.DecoderFunc(func(v any) error {
		data, err := readAll(r)
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

// readAll reads what is left of a body, without a copy of one that was read.
func readAll(r io.Reader) ([]byte, error) {
	if body, ok := r.(*restBody); ok {
		return body.Next(body.Len()), nil
	}
	return io.ReadAll(r)
}

func (h *rest) writeRoutingError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	if code == http.StatusMethodNotAllowed || code == http.StatusNotFound {
		writeUnrouted(w, r, h.routes.methods(r.URL.Path))
		return
	}
	broken := malformed(http.StatusText(code))
	writeStatus(w, grpcStatus(fromFault(broken, broken)), 0)
}

// writeUnrouted answers a request whose path takes other methods, or none.
func writeUnrouted(w http.ResponseWriter, r *http.Request, methods string) {
	if methods == "" {
		missing := fault.New(fault.NotFound, fault.ReasonUnknownRPC, "there is nothing at %s", r.URL.Path)
		writeStatus(w, grpcStatus(fromFault(missing, missing)), 0)
		return
	}
	w.Header().Set("Allow", methods)
	refused := notAllowed(r.Method, methods)
	writeStatus(w, grpcStatus(fromFault(refused, refused)), http.StatusMethodNotAllowed)
}

func writeRESTError(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	writeStatus(w, restStatus(err), 0)
}

// restStatus returns the status that a REST client gets. What the chain answered
// carries its details already; what the gateway itself refused gets them here.
func restStatus(err error) *status.Status {
	var coded *connect.Error
	if errors.As(err, &coded) {
		return grpcStatus(coded)
	}
	given, _ := status.FromError(err)
	if len(given.Proto().GetDetails()) > 0 {
		return given
	}
	if given.Code() != codes.InvalidArgument {
		return grpcStatus(internal(err))
	}
	refused := malformed(given.Message())
	return grpcStatus(fromFault(refused, refused))
}

// writeStatus answers with an error; httpStatus 0 is the one that its code has.
func writeStatus(w http.ResponseWriter, given *status.Status, httpStatus int) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	if httpStatus == 0 {
		httpStatus = runtime.HTTPStatusFromCode(given.Code())
	}
	for _, detail := range given.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.GetReason() == string(fault.ReasonRequestTooLarge) {
				httpStatus = http.StatusRequestEntityTooLarge
			}
		case *errdetails.RetryInfo:
			header.Set("Retry-After", wholeSeconds(detail.GetRetryDelay().AsDuration()))
		}
	}
	body, err := protojson.Marshal(given.Proto())
	if err != nil {
		// A detail of a type that is not linked in: the rest still helps.
		bare := proto.CloneOf(given.Proto())
		bare.Details = nil
		body, _ = protojson.Marshal(bare)
	}
	if given.Code() == codes.Unauthenticated {
		header.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(httpStatus)
	_, _ = w.Write(append(body, '\n'))
}
