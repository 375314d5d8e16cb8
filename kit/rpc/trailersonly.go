package rpc

import (
	"net/http"
	"strings"
)

// isGRPC reports whether a content type is gRPC's own, not gRPC-Web's.
func isGRPC(contentType string) bool {
	rest, ok := strings.CutPrefix(contentType, "application/grpc")
	return ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
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
