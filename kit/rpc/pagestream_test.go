package rpc_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// livePages answer with a stream: /first sends a line and waits for its end, /pour sends
// without end.
type livePages struct{ begun, running atomic.Int64 }

func (p *livePages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	stream, err := rpc.StreamPage(w, r)
	if err != nil {
		http.Error(w, string(fault.ReasonOf(err)), http.StatusServiceUnavailable)
		return
	}
	defer stream.Close()
	p.running.Add(1)
	defer p.running.Add(-1)
	p.begun.Add(1)
	line := []byte(strings.Repeat("x", 1000) + "\n")
	for {
		if err := stream.Send(line); err != nil {
			return
		}
		if r.URL.Path == "/first" {
			<-stream.Context().Done()
			return
		}
	}
}

func (*livePages) Refuse(w http.ResponseWriter, _ *http.Request, refused *fault.Error) {
	http.Error(w, string(refused.Reason()), http.StatusServiceUnavailable)
}

func openLive(t *testing.T, limits rpc.StreamLimits) (*site, *livePages) {
	t.Helper()
	pages := &livePages{}
	s := open(t, &shop{}, func(c *rpc.Config, h *rpc.HandlerConfig) {
		c.Streams = rpc.NewStreams(limits)
		h.Pages, h.Streams = pages, c.Streams
	})
	return s, pages
}

// first opens a stream and reads its first line.
func (s *site) first(t *testing.T, client *http.Client) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/first", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	line, err := bufio.NewReader(res.Body).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return res, strings.TrimSpace(line)
}

// A page's stream ends when the process drains, and when it has lasted its time; none begins
// while the process drains.
func TestPageStreamsEnd(t *testing.T) {
	t.Parallel()
	s, pages := openLive(t, roomy())
	over1, _ := s.first(t, http1(t))
	over2, _ := s.first(t, http2(t))
	s.streams.Drain()
	for _, res := range []*http.Response{over1, over2} {
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Errorf("%s: it ended with %v", res.Proto, err)
		}
	}
	if _, text := s.first(t, http1(t)); text != "DRAINING" {
		t.Errorf("a new stream is answered %q", text)
	}
	eventually(t, "the handlers ended", func() bool { return pages.running.Load() == 0 })

	limits := roomy()
	limits.Lifetime = 50 * time.Millisecond
	old, _ := openLive(t, limits)
	res, _ := old.first(t, http1(t))
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Errorf("an old stream ended with %v", err)
	}
}

// A client has its share of pages' streams, and gets a place back with each that it closes.
func TestPageStreamsPerClientAreCapped(t *testing.T) {
	t.Parallel()
	limits := roomy()
	limits.PerClient = 2
	s, _ := openLive(t, limits)
	one, _ := s.first(t, http1(t))
	s.first(t, http2(t))
	if _, text := s.first(t, http1(t)); text != "TOO_MANY_STREAMS" {
		t.Errorf("the third is answered %q", text)
	}
	_ = one.Body.Close()
	eventually(t, "the closed stream made room", func() bool {
		res, text := s.first(t, http1(t))
		_ = res.Body.Close()
		return text != "TOO_MANY_STREAMS"
	})
}

// A client that opens a page's stream and reads nothing is cut off.
func TestAPageStreamThatIsNotReadIsCutOff(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]*http.Client{"HTTP/1.1": http1(t), "HTTP/2": http2(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limits := roomy()
			limits.Send = 100 * time.Millisecond
			s, pages := openLive(t, limits)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/pour", nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = res.Body.Close() }()
			eventually(t, "the handler ended", func() bool { return pages.begun.Load() == 1 && pages.running.Load() == 0 })
		})
	}
}
