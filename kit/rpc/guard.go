package rpc

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/load"
)

// guard surrounds all protocols. It counts calls, bounds how much of a request is read
// and how long a client may take to send it and to read the answer, and frames gRPC's
// errors so that proxies see them.
type guard struct {
	limiter     *load.Limiter // nil counts nothing
	proxies     Proxies
	origins     *Origins
	counted     map[string]bool
	streaming   map[string]bool // requests of which are streams, bounded message by message
	bodyTimeout time.Duration
	sendTimeout time.Duration
	stall       time.Duration
	errors      *connecthttp.ErrorWriter
	pages       Pages                    // nil for none
	takesPage   func(*http.Request) bool // reports whether a request is for one
	next        http.Handler
}

func newGuard(server *connect.Server, cfg HandlerConfig, errorWriter *connecthttp.ErrorWriter, next http.Handler) *guard {
	g := &guard{
		limiter: cfg.Load, proxies: cfg.Proxies, origins: cfg.Origins, bodyTimeout: cfg.BodyTimeout, sendTimeout: cfg.SendTimeout, stall: cfg.StallTimeout,
		errors: errorWriter, pages: cfg.Pages, next: next,
		counted: make(map[string]bool), streaming: make(map[string]bool),
	}
	for spec := range server.Specs() {
		if spec.StreamType&connect.StreamTypeClient != 0 {
			g.streaming[spec.Procedure] = true
		}
		// Health and reflection are not counted: who looks after the process gets in.
		if !strings.HasPrefix(spec.Procedure, "/grpc.") {
			g.counted[spec.Procedure] = true
		}
	}
	return g
}

// ServeHTTP implements http.Handler.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	protect(w.Header(), r.TLS != nil)
	connection, own := wireOf(r)
	if own {
		defer connection.close()
	}
	x := &exchange{controller: http.NewResponseController(w), client: connection.from, sendLimit: g.sendTimeout}
	if from := g.proxies.client(connection.remote, r.Header); from != connection.remote {
		x.client = clientAt(from)
	}
	refused := g.count(x, connection, r)
	connection.begin(x)
	defer connection.end(x)
	r = withOrigin(r, x)

	body := g.bound(x, w, r)
	reply := &replyWriter{ResponseWriter: w, exchange: x, body: body}
	defer g.finish(x, reply, body, r)
	w = reply
	if r.ProtoMajor >= 2 && isGRPC(r.Header.Get("Content-Type")) {
		framed := &trailersOnlyWriter{ResponseWriter: w}
		defer framed.finish()
		w = framed
	}
	switch {
	case refused == nil:
		g.next.ServeHTTP(w, r)
	case g.takesPage(r):
		g.pages.Refuse(w, r, refused)
	default:
		refuse(g.errors, w, r, refused)
	}
}

// counts reports whether a request is a call, or a page, which is made of calls.
func (g *guard) counts(r *http.Request) bool {
	return g.counted[r.URL.Path] || underREST(r.URL.Path) || g.takesPage(r)
}

// count counts a call, or returns why it is refused.
func (g *guard) count(x *exchange, connection *wire, r *http.Request) *fault.Error {
	if g.limiter == nil || g.origins.preflight(r) || !g.counts(r) {
		return nil
	}
	from := connection.connection(g.limiter)
	if x.client != connection.from {
		// A proxy's connection carries the requests of many, each with a share of its own.
		x.behind = g.limiter.Connect(x.client.name)
		from = x.behind
	}
	call, err := from.Begin(r.Context())
	if refused, ok := fault.Of(err); ok {
		return refused
	}
	x.call = call
	return nil
}

// bound puts the request's body within bounds; it returns nil when there is none.
func (g *guard) bound(x *exchange, w http.ResponseWriter, r *http.Request) *boundedBody {
	if r.Body == nil || r.Body == http.NoBody || r.ProtoMajor >= 2 && g.streaming[r.URL.Path] {
		return nil
	}
	if r.ProtoMajor == 1 {
		// Else net/http waits for the whole body before it sends the first byte of an
		// answer, also of one that refuses the request.
		_ = x.controller.EnableFullDuplex()
	}
	whole := io.NopCloser(r.Body) // net/http closes it, after the rest was read
	body := &boundedBody{ReadCloser: http.MaxBytesReader(w, whole, MaxRequestBytes+envelopeSlack), all: whole, exchange: x, http1: r.ProtoMajor == 1}
	patience := g.bodyTimeout
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		patience = min(patience, g.stall) // nobody waits for such a body
	}
	x.receive(patience)
	r.Body = body
	return body
}

// finish ends an exchange. When the handler left some of the body unread, the client gets
// a bounded time to send it: many clients read nothing before they have sent everything,
// and closing on them would reset the connection, so that the answer would be lost.
func (g *guard) finish(x *exchange, reply *replyWriter, body *boundedBody, r *http.Request) {
	if x.call != nil {
		x.call.End()
	}
	if x.behind != nil {
		x.behind.Close()
	}
	x.arrived()
	if reply.givenUp {
		panic(http.ErrAbortHandler) // nothing more is sent, and what is sent is not whole
	}
	reply.announce() // for a handler that wrote nothing
	if body == nil || body.whole || body.late {
		return
	}
	// gRPC's clients listen while they send. One that states a length is another program,
	// such as curl.
	overGRPC := isGRPC(r.Header.Get("Content-Type"))
	if overGRPC && r.ContentLength < 0 || x.controller.SetReadDeadline(time.Now().Add(g.stall)) != nil {
		return
	}
	// Over HTTP/1.1 net/http reads and drops a short rest, until that deadline. Over HTTP/2
	// it resets the stream, which is right (RFC 9113, 8.1), but curl 7.88 then drops the answer.
	if r.ProtoMajor == 1 && r.ContentLength >= 0 && r.ContentLength <= dropsItself {
		return
	}
	// A gRPC answer without a message is one frame with its end, so it waits.
	if !overGRPC && x.controller.Flush() != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, body.all, maxRest) // a client that left is no error of ours
}

const (
	// envelopeSlack is room for what frames a message.
	envelopeSlack = 1 << 10
	// maxRest is how much is read of a body that was refused.
	maxRest = 64 << 20
	// dropsItself is what net/http reads of such a body after the handler.
	dropsItself = 256 << 10
	// stallTimeout is how long a client may take for what nobody waits for: the rest of
	// a body that was refused, and anything while the process stops.
	stallTimeout = 5 * time.Second
	// pieceBytes is how much of a reply has to be taken within SendTimeout.
	pieceBytes = 256 << 10
)

// boundedBody notes when it was read to its end.
type boundedBody struct {
	io.ReadCloser

	all      io.Reader // the body without its bound
	exchange *exchange
	http1    bool
	whole    bool
	late     bool // it did not arrive in its time
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.whole, b.late = errors.Is(err, io.EOF), isTimeout(err)
		b.exchange.arrived()
	}
	return n, err
}

// errGivenUp ends a reply whose client leaves too much unread.
var errGivenUp = errors.New("the client leaves too many replies unread")

// replyWriter bounds how long a client may leave a reply unread, and counts its bytes
// meanwhile.
type replyWriter struct {
	http.ResponseWriter

	exchange  *exchange
	body      *boundedBody // nil when there is none
	announced bool         // the headers are sent
	givenUp   bool
}

// Unwrap lets http.ResponseController reach the connection.
func (w *replyWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// announce completes the headers before they are sent: with the client's limit, and with
// that the connection is closed, when
// the request's body was not read to its end: what is left of it would be taken for the
// next request. net/http sends the headers of its own accord with the first byte.
func (w *replyWriter) announce() {
	if w.announced {
		return
	}
	w.announced = true
	if w.body != nil && w.body.http1 && !w.body.whole {
		w.Header().Set("Connection", "close")
	}
	w.exchange.announce(w.Header())
}

// WriteHeader implements http.ResponseWriter.
func (w *replyWriter) WriteHeader(status int) {
	if status >= http.StatusOK {
		w.announce()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Flush implements http.Flusher.
func (w *replyWriter) Flush() {
	w.announce()
	w.exchange.write()
	defer w.exchange.wrote()
	_ = w.exchange.controller.Flush()
}

func (w *replyWriter) Write(p []byte) (int, error) {
	w.announce()
	call := w.exchange.call
	switch {
	case w.givenUp:
		return 0, errGivenUp
	case call == nil:
	case !call.Hold(len(p)):
		w.givenUp = true
		return 0, errGivenUp
	default:
		defer call.Sent(len(p))
	}
	written := 0
	for {
		piece := p[written:min(len(p), written+pieceBytes)]
		w.exchange.write()
		n, err := w.ResponseWriter.Write(piece)
		w.exchange.wrote()
		if written += n; err != nil || written >= len(p) {
			return written, err
		}
	}
}
