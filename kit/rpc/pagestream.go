package rpc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// PageStream is the answer to a request for a page that goes on, such as server-sent events.
// It has the bounds that streams of RPCs have: a share of its client's, a lifetime, and a time
// within which what is sent has to be read. Close it.
type PageStream struct {
	w        http.ResponseWriter
	exchange *exchange
	streams  *Streams
	client   string
	ctx      context.Context //nolint:containedctx // of the stream, for what it is made of
	release  func()
}

// StreamPage makes a stream of the answer to a request for a page, of which nothing was sent
// yet. It refuses a client that has its share of them already, with TOO_MANY_STREAMS, and
// everybody while the process drains, with DRAINING. They are counted beside a client's streams
// of RPCs, of which a page's handler may open one for each.
func StreamPage(w http.ResponseWriter, r *http.Request) (*PageStream, error) {
	of, ok := r.Context().Value(visitKey{}).(*visit)
	from := originOf(r.Context())
	if !ok || from.exchange == nil {
		return nil, errors.New("the request is none for a page")
	}
	if drained, ok := fault.Of(context.Cause(of.streams.draining)); ok {
		return nil, drained
	}
	s := &PageStream{w: w, exchange: from.exchange, streams: of.streams, client: "page " + from.client.name}
	if err := s.streams.enter(s.client); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	lifetime := time.AfterFunc(s.streams.limits.Lifetime, func() {
		cancel(endStream(fmt.Sprintf("a stream lasts %v", s.streams.limits.Lifetime)))
	})
	undrained := context.AfterFunc(s.streams.draining, func() { cancel(context.Cause(s.streams.draining)) })
	s.ctx, s.release = ctx, func() {
		lifetime.Stop()
		undrained()
		cancel(nil)
	}
	s.exchange.stream()
	if s.exchange.call != nil {
		s.exchange.call.Stream()
	}
	return s, nil
}

// Context ends when the stream has to: its client left, it has lasted its time, or the process
// drains.
func (s *PageStream) Context() context.Context { return s.ctx }

// Send sends some of the answer at once.
func (s *PageStream) Send(p []byte) error {
	stuck := time.AfterFunc(s.streams.limits.Send, s.exchange.interruptWriting)
	defer stuck.Stop()
	if _, err := s.w.Write(p); err != nil {
		return err
	}
	return http.NewResponseController(s.w).Flush()
}

// Close ends the stream and gives its client the place back.
func (s *PageStream) Close() {
	s.release()
	s.streams.leave(s.client)
}
