package rpc

import (
	"cmp"
	"context"
	"fmt"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
)

// router finds the handler of a request, and answers in one way what no handler takes.
type router struct {
	rpcs       *http.ServeMux
	rest       *rest // nil when there is none
	errors     *connecthttp.ErrorWriter
	limits     *Limits              // nil for a port without
	refused    Refused              // nil for nothing
	procedures map[string]procedure // by path
	pages      Pages                // nil for none
	streams    *Streams             // of pages
}

// procedure is what the router knows of an RPC.
type procedure struct {
	methods string // that it takes, as the header Allow lists them
	streams bool
	class   *class // nil when it is not limited
}

// ServeHTTP implements http.Handler.
func (h *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		var done func()
		w, r, done = headAsGet(w, r)
		defer done()
	}
	switch of, known := h.procedures[r.URL.Path]; {
	case known:
		if h.refuse(w, r, of) || h.limited(w, r, r.URL.Path) {
			return
		}
		h.rpcs.ServeHTTP(w, r)
	case h.rest != nil && underREST(r.URL.Path):
		if name := h.rest.routes.procedure(r.URL.Path, r.Method); h.limited(w, r, name) {
			return
		}
		h.rest.ServeHTTP(w, r)
	case r.Method == http.MethodTrace, !isClean(r.URL.Path), looksLikeRPC(r.URL.Path) && isConnectGET(r):
		// ServeMux would answer the second with a redirect, which is a page, and connecthttp the
		// third with a text.
		h.unknown(w, r)
	default:
		h.rpcs.ServeHTTP(w, r)
	}
}

// refuse answers a request to an RPC that connecthttp would refuse before the chain
// runs, so that these errors carry the same details as all others.
func (h *router) refuse(w http.ResponseWriter, r *http.Request, of procedure) bool {
	status := 0
	refused := checkHeaders(r)
	switch {
	case !allows(of.methods, r.Method):
		w.Header().Set("Allow", of.methods)
		status, refused = http.StatusMethodNotAllowed, notAllowed(r.Method, of.methods)
	case r.Method == http.MethodPost && !accepts(r.Header.Get("Content-Type"), of.streams):
		w.Header().Set("Accept-Post", acceptPost(of.streams))
		status = http.StatusUnsupportedMediaType
		refused = malformed(fmt.Sprintf("the content type is %q: send one of %s", fault.Cut(r.Header.Get("Content-Type"), 100), acceptPost(of.streams)))
		r = r.Clone(r.Context())
		r.Header.Set("Content-Type", "application/json") // the form of the error
	}
	if refused == nil {
		return false
	}
	_ = h.errors.Write(&statusWriter{w, status}, r, fromFault(refused, refused))
	return true
}

// limited counts a request for its client's address, and answers one beyond its limit
// before anything of it is read.
func (h *router) limited(w http.ResponseWriter, r *http.Request, procedure string) bool {
	from, ok := r.Context().Value(originKey{}).(*origin)
	class := h.procedures[procedure].class
	if class == nil || !ok {
		return false
	}
	refused := from.exchange.admit(h.limits, class, r.Header)
	if refused == nil {
		return false
	}
	if h.refused != nil {
		call := callTo(r.Context(), procedure, authz.Identity{})
		call.AddressPrefix = from.client.name // no call took the origin
		h.refused(r.Context(), call, refused)
	}
	refuse(h.errors, w, r, refused)
	return true
}

// everything is the pattern of unknown.
const everything = "/"

// unknown answers what no route takes. An RPC's client gets UNKNOWN_RPC in its own
// protocol, with the HTTP status 404 where the protocol leaves it free.
func (h *router) unknown(w http.ResponseWriter, r *http.Request) {
	switch {
	case h.takesPage(r):
		h.servePage(w, r)
	case r.Method == http.MethodTrace:
		writeUnrouted(w, r, cmp.Or(h.otherMethods(r), "GET, HEAD, POST"))
	case looksLikeRPC(r.URL.Path) && (r.Method == http.MethodPost && h.errors.IsSupported(r) || isConnectGET(r)):
		missing := unknownRPC(r.URL.Path)
		_ = h.errors.Write(&statusWriter{w, http.StatusNotFound}, r, fromFault(missing, missing))
	default:
		writeUnrouted(w, r, h.otherMethods(r))
	}
}

// otherMethods are those that a path beside the RPCs and REST takes, as the header Allow lists
// them; "" where there is nothing by any.
func (h *router) otherMethods(r *http.Request) string {
	if !isClean(r.URL.Path) {
		return "" // ServeMux would find what is at the clean one
	}
	var all []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		_, pattern := h.rpcs.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host})
		if pattern == "" || pattern == everything {
			continue
		}
		all = append(all, method)
		if method == http.MethodGet {
			all = append(all, http.MethodHead)
		}
	}
	return strings.Join(all, ", ")
}

// isConnectGET reports whether a client of Connect calls by GET.
func isConnectGET(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Query().Get("connect") == "v1"
}

// allowedMethods are the HTTP methods of an RPC: GET and HEAD too where nothing changes.
func allowedMethods(spec connect.Spec) string {
	if spec.StreamType == connect.StreamTypeUnary && spec.IdempotencyLevel == connect.IdempotencyNoSideEffects {
		return "GET, HEAD, POST"
	}
	return http.MethodPost
}

// allows reports whether a list of methods, as the header Allow has it, holds one.
func allows(methods, method string) bool {
	for allowed := range strings.SplitSeq(methods, ", ") {
		if allowed == method {
			return true
		}
	}
	return false
}

func notAllowed(method, methods string) *fault.Error {
	return fault.New(fault.Unimplemented, fault.ReasonUnknownRPC, "%s is not allowed here: use %s", method, methods)
}

// The content types of the protocols; the first are of RPCs that stream, the last of
// those that don't. gRPC-Web's text form, which is base64 for browsers without binary
// bodies, is not among them.
var contentTypes = []string{
	"application/connect+proto", "application/connect+json",
	"application/grpc", "application/grpc+proto", "application/grpc+json",
	"application/grpc-web", "application/grpc-web+proto", "application/grpc-web+json",
	"application/proto", "application/json",
}

func typesOf(streams bool) []string {
	if streams {
		return contentTypes[:len(contentTypes)-2]
	}
	return contentTypes[2:]
}

func acceptPost(streams bool) string { return strings.Join(typesOf(streams), ", ") }

func accepts(contentType string, streams bool) bool {
	if slices.Contains(typesOf(streams), contentType) {
		return true
	}
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && slices.Contains(typesOf(streams), kind)
}

// looksLikeRPC reports whether a path is /package.Service/Method.
func looksLikeRPC(path string) bool {
	service, method, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return ok && strings.Contains(service, ".") && protoreflect.FullName(service).IsValid() && protoreflect.Name(method).IsValid()
}

// isClean reports whether a path is its own shortest form.
func isClean(p string) bool {
	cleaned := path.Clean(p)
	return p == cleaned || p == cleaned+"/" && cleaned != "/"
}

// statusWriter sends another HTTP status for an error; a Connect client reads the code
// in the body. gRPC's and gRPC-Web's 200 stays, and 0 changes nothing.
type statusWriter struct {
	http.ResponseWriter

	status int
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) WriteHeader(status int) {
	if w.status != 0 && status != http.StatusOK {
		status = w.status
	}
	w.ResponseWriter.WriteHeader(status)
}

// headAsGet turns a HEAD request into the GET that it stands for. net/http drops the
// body of the answer; a stream is ended with its first message.
func headAsGet(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *http.Request, func()) {
	ctx, cancel := context.WithCancel(r.Context())
	r = r.WithContext(ctx)
	r.Method = http.MethodGet
	return &headWriter{w, cancel}, r, cancel
}

type headWriter struct {
	http.ResponseWriter

	cancel func()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *headWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *headWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.cancel()
	return n, err
}

// Flush sends the headers.
func (w *headWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// checkHeaders refuses headers and parameters that connecthttp would refuse.
func checkHeaders(r *http.Request) *fault.Error {
	contentType := r.Header.Get("Content-Type")
	encodingHeader, timeoutHeader := "Content-Encoding", "Connect-Timeout-Ms"
	switch {
	case strings.HasPrefix(contentType, "application/grpc"):
		encodingHeader, timeoutHeader = "Grpc-Encoding", "Grpc-Timeout"
	case strings.HasPrefix(contentType, "application/connect+"):
		encodingHeader = "Connect-Content-Encoding"
	}
	encoding := r.Header.Get(encodingHeader)
	if r.Method == http.MethodGet {
		query := r.URL.Query()
		encoding = query.Get("compression")
		for _, parameter := range []string{"encoding", "message"} {
			if !query.Has(parameter) {
				return malformed(fmt.Sprintf("the query parameter %q is missing", parameter))
			}
		}
	}
	if !knownEncoding(encoding) {
		return unknownCompression(encoding)
	}
	if timeout := r.Header.Get(timeoutHeader); timeout != "" && !validTimeout(timeoutHeader, timeout) {
		return malformed(fmt.Sprintf("the header %s holds no timeout: %q", timeoutHeader, timeout))
	}
	return nil
}

func knownEncoding(name string) bool {
	return name == "" || name == connect.CompressionNameIdentity || name == connect.CompressionNameGzip
}

func unknownCompression(name string) *fault.Error {
	return fault.New(fault.Unimplemented, fault.ReasonMalformedRequest, "the compression %q is not known: use gzip or identity", name)
}

// validTimeout knows gRPC's form, up to eight digits and a unit, and Connect's, up
// to ten digits of milliseconds.
func validTimeout(header, timeout string) bool {
	digits, longest := timeout, 10
	if header == "Grpc-Timeout" {
		unit := timeout[len(timeout)-1]
		digits, longest = timeout[:len(timeout)-1], 8
		if !strings.ContainsRune("HMSmun", rune(unit)) {
			return false
		}
	}
	if digits == "" || len(digits) > longest {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}
