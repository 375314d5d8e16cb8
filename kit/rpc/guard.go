package rpc

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
)

// guard stands before all doors: it bounds how much of a request is read and for
// how long, and it frames gRPC's errors so that proxies see them.
func guard(server *connect.Server, bodyTimeout time.Duration, next http.Handler) http.Handler {
	streaming := make(map[string]bool)
	for spec := range server.Specs() {
		if spec.StreamType&connect.StreamTypeClient != 0 {
			streaming[spec.Procedure] = true
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		controller := http.NewResponseController(w)
		r = withOrigin(r, controller)
		// A stream of requests is bounded message by message, and by its idle limit.
		if r.Body != nil && r.Body != http.NoBody && !streaming[r.URL.Path] {
			whole := io.NopCloser(r.Body) // net/http closes it, after the rest was read
			body := newTimedBody(http.MaxBytesReader(w, whole, MaxRequestBytes+envelopeSlack), bodyTimeout, controller)
			defer func() {
				body.stop()
				if !body.readWhole() && !isGRPC(r.Header.Get("Content-Type")) {
					readRest(whole, r.ContentLength, controller)
				}
			}()
			r.Body = body
		}
		if r.ProtoMajor >= 2 && isGRPC(r.Header.Get("Content-Type")) {
			framed := &trailersOnlyWriter{ResponseWriter: w}
			defer framed.finish()
			w = framed
		}
		next.ServeHTTP(w, r)
	})
}

// envelopeSlack is room for what frames a message.
const envelopeSlack = 1 << 10

// maxRest and restTimeout bound how much is read of a body that was refused.
const (
	maxRest     = 64 << 20
	restTimeout = 5 * time.Second
)

// readRest sends the answer and drops what is left of a large body. Many clients
// read nothing before they sent all: to close on them would reset the connection,
// and the answer would be lost. gRPC's clients listen while they send.
func readRest(body io.Reader, length int64, controller *http.ResponseController) {
	if length >= 0 && length <= MaxRequestBytes {
		return // what net/http drops by itself, or has read
	}
	if controller.Flush() != nil || controller.SetReadDeadline(time.Now().Add(restTimeout)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, body, maxRest) // a client that left is no error of ours
}

// isGRPC reports whether a content type is gRPC's own, not gRPC-Web's.
func isGRPC(contentType string) bool {
	rest, ok := strings.CutPrefix(contentType, "application/grpc")
	return ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// timedBody stops waiting for a body that does not arrive in its time.
type timedBody struct {
	io.ReadCloser

	timer *time.Timer
	mu    sync.Mutex
	done  bool
	whole bool
}

func newTimedBody(body io.ReadCloser, timeout time.Duration, controller *http.ResponseController) *timedBody {
	timed := &timedBody{ReadCloser: body}
	timed.timer = time.AfterFunc(timeout, func() {
		timed.mu.Lock()
		defer timed.mu.Unlock()
		// Once the body is read, the deadline would only end the connection.
		if !timed.done {
			_ = controller.SetReadDeadline(time.Unix(1, 0))
		}
	})
	return timed
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.mu.Lock()
		b.whole = err == io.EOF
		b.mu.Unlock()
		b.stop()
	}
	return n, err
}

func (b *timedBody) readWhole() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.whole
}

func (b *timedBody) stop() {
	b.timer.Stop()
	b.mu.Lock()
	b.done = true
	b.mu.Unlock()
}

// trailersOnlyWriter sends a gRPC answer without a message as one HEADERS frame,
// as gRPC's "Trailers-Only" wants it. Envoy reads grpc-status in the headers
// alone: without this it neither retries such an error nor ejects its sender.
//
// It holds the headers back until the first byte of the body, or until the
// handler is done.
type trailersOnlyWriter struct {
	http.ResponseWriter

	status int
	sent   bool
}

// Unwrap lets http.ResponseController reach the connection.
func (w *trailersOnlyWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *trailersOnlyWriter) WriteHeader(status int) {
	if w.sent || status < http.StatusOK {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.status = status
}

func (w *trailersOnlyWriter) Write(p []byte) (int, error) {
	if len(p) == 0 && !w.sent {
		return 0, nil
	}
	w.send()
	return w.ResponseWriter.Write(p)
}

// Flush sends the headers of a stream early. When the status is there already, the
// call is over: finish sends them with the end of the stream.
func (w *trailersOnlyWriter) Flush() {
	if !w.sent && w.over() {
		return
	}
	w.send()
	if flusher, ok := w.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
}

func (w *trailersOnlyWriter) over() bool {
	header := w.Header()
	return header.Get(http.TrailerPrefix+"Grpc-Status") != "" || header.Get("Grpc-Status") != ""
}

func (w *trailersOnlyWriter) send() {
	if w.sent {
		return
	}
	w.sent = true
	if w.status != 0 {
		w.ResponseWriter.WriteHeader(w.status)
	}
}

// finish turns trailers into headers when nothing was sent yet.
func (w *trailersOnlyWriter) finish() {
	if w.sent {
		return
	}
	header := w.Header()
	header.Del("Trailer")
	for key, values := range header {
		if name, ok := strings.CutPrefix(key, http.TrailerPrefix); ok {
			delete(header, key)
			header[http.CanonicalHeaderKey(name)] = values
		}
	}
	w.send()
}
