package rpc_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	h2 "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/load"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// attacker is the address that attacks; everybody else is 127.0.0.1.
const attacker = "127.0.0.2"

// dial connects from an address of this machine.
func dial(t *testing.T, from, to string) *net.TCPConn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.DialContext(t.Context(), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.TCPConn)
}

// A request that is refused before its body is read is answered at once, and its
// connection is closed soon after, however long the body does not come.
func TestARefusedRequestIsAnsweredAndClosed(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{}, func(_ *rpc.Config, h *rpc.HandlerConfig) { h.LocalOnly = true })
	// Its answers would come after an hour if they waited for the body.
	patient := open(t, &shop{}, func(_ *rpc.Config, h *rpc.HandlerConfig) {
		h.LocalOnly, h.BodyTimeout, h.StallTimeout = true, time.Hour, time.Hour
	})
	for name, row := range map[string]struct{ head, want string }{
		"404":                 {"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json", "404"},
		"404 of REST":         {"POST /v1/nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json", "404"},
		"405":                 {"PUT " + statusPath + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json", "405"},
		"415":                 {"POST " + statusPath + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/html", "415"},
		"415 of REST":         {"POST " + redriveREST + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/html", "400"},
		"foreign Host":        {"POST " + statusPath + " HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/json", "403"},
		"foreign Origin":      {"POST " + statusPath + " HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nContent-Type: application/json", "403"},
		"unknown compression": {"POST " + statusPath + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Encoding: br", "501"},
	} {
		for kind, length := range map[string]string{
			"a short body": "Content-Length: 1000", "a long body": "Content-Length: 4000000", "a body of any length": "Transfer-Encoding: chunked",
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				var conn *net.TCPConn
				for _, addr := range []string{patient.addr, s.addr} {
					conn = dial(t, "127.0.0.1", addr)
					if _, err := io.WriteString(conn, row.head+"\r\n"+length+"\r\n\r\n"); err != nil {
						t.Fatal(err)
					}
					_ = conn.SetReadDeadline(time.Now().Add(testkit.Patience))
					first := make([]byte, 12)
					if _, err := io.ReadFull(conn, first); err != nil || !strings.HasSuffix(string(first), row.want) {
						t.Errorf("answered %q, %v", first, err)
					}
				}
				if _, err := io.Copy(io.Discard, conn); err != nil {
					t.Errorf("it stays open: %v", err)
				}
			})
		}
	}
}

// After a request whose body was not read the connection is closed, within seconds, and
// the answer announces it: what comes of the body later would be taken for a request.
func TestAnUnreadBodyIsNoRequest(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{}, func(_ *rpc.Config, h *rpc.HandlerConfig) {
		h.Reflection, h.BodyTimeout = true, time.Hour
		h.Extra = map[string]http.Handler{
			"/writes": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "well") }),
			"/flushes": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_ = http.NewResponseController(w).Flush()
				_, _ = io.WriteString(w, "well")
			}),
			"/nothing": http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		}
	})
	for _, request := range []string{
		"GET /v1/operations/status", "HEAD /v1/operations/status", "GET /writes", "POST /flushes", "POST /nothing",
		"GET " + statusPath + "?encoding=json&message=%7B%7D", "POST /grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
	} {
		for _, body := range []string{"Content-Length: 4\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n", "Content-Length: 2\r\n\r\n{}"} {
			t.Run(request+", "+body, func(t *testing.T) {
				t.Parallel()
				conn := dial(t, "127.0.0.1", s.addr)
				if _, err := io.WriteString(conn, request+" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/connect+json\r\n"+body); err != nil {
					t.Fatal(err)
				}
				_ = conn.SetReadDeadline(time.Now().Add(testkit.Patience))
				all, err := io.ReadAll(conn)
				if err != nil || strings.Count(string(all), "HTTP/1.1 ") != 1 || !strings.Contains(string(all), "\r\nConnection: close\r\n") {
					t.Errorf("%q, %v", all, err)
				}
			})
		}
	}
	// What came whole and was read leaves the connection to the next request.
	for contentType, body := range map[string]string{"application/json": "{}", "application/grpc-web+proto": "\x00\x00\x00\x00\x00"} {
		got := s.send(t, http1(t), "POST", statusPath, contentType, io.MultiReader(strings.NewReader(body)))
		if got.status != http.StatusOK || got.header.Get("Connection") != "" {
			t.Errorf("%s: %d, Connection %q", contentType, got.status, got.header.Get("Connection"))
		}
	}
}

// raw is an HTTP/2 client that does only what it is made to.
type raw struct {
	conn   net.Conn
	framer *h2.Framer
	stream uint32
}

// newRaw connects with a window of that many bytes for what the server sends.
func newRaw(t *testing.T, s *site, from string, window uint32) *raw {
	t.Helper()
	conn := dial(t, from, s.addr)
	_, _ = io.WriteString(conn, h2.ClientPreface)
	r := &raw{conn: conn, framer: h2.NewFramer(conn, conn), stream: 1}
	if err := r.framer.WriteSettings(h2.Setting{ID: h2.SettingInitialWindowSize, Val: window}); err != nil {
		t.Fatal(err)
	}
	return r
}

// call begins a call; a nil body is one that never comes.
func (r *raw) call(s *site, path string, body []byte, more ...[2]string) {
	var headers bytes.Buffer
	encoder := hpack.NewEncoder(&headers)
	for _, field := range append([][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":authority", s.addr}, {":path", path}, {"content-type", "application/json"},
	}, more...) {
		_ = encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	_ = r.framer.WriteHeaders(h2.HeadersFrameParam{StreamID: r.stream, BlockFragment: headers.Bytes(), EndHeaders: true})
	if body != nil {
		_ = r.framer.WriteData(r.stream, true, body)
	}
	r.stream += 2
}

// Over HTTP/2, too, the rest of a refused body is read before the answer ends: curl drops
// an answer whose stream is reset after it, though that is allowed.
func TestARefusedStreamIsNotReset(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	r := newRaw(t, s, "127.0.0.1", 1<<20)
	_ = r.conn.SetDeadline(time.Now().Add(testkit.Patience))
	r.call(s, "/nowhere", nil, [2]string{"content-length", "2"})
	next := func() h2.Frame {
		frame, err := r.framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if reset, ok := frame.(*h2.RSTStreamFrame); ok {
			t.Errorf("the stream was reset: %v", reset.ErrCode)
		}
		return frame
	}
	for answered := false; !answered; {
		_, answered = next().(*h2.HeadersFrame)
	}
	_ = r.framer.WriteData(1, true, []byte("{}")) // after the answer began
	for ended := false; !ended; {
		data, ok := next().(*h2.DataFrame)
		ended = ok && data.StreamEnded()
	}
	_ = r.framer.WritePing(false, [8]byte{})
	for ponged := false; !ponged; {
		ping, ok := next().(*h2.PingFrame)
		ponged = ok && ping.IsAck()
	}
}

// A stop ends soon whatever clients do: while they send no end of a request, read no
// answer, or leave the whole connection unread.
func TestAStopIsNotHeldUp(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 8<<20)
	var entered atomic.Int64
	s := open(t, &shop{status: func(context.Context, *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		entered.Add(1)
		return &operationsv1.GetStatusResponse{Contexts: []*operationsv1.ContextStatus{{Context: large}}}, nil
	}}, func(_ *rpc.Config, h *rpc.HandlerConfig) { h.BodyTimeout, h.SendTimeout = time.Hour, time.Hour })
	head := "POST " + statusPath + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
	for _, text := range []string{
		head, head + "Content-Length: 1000\r\n\r\n{", head + "Content-Length: 2\r\n\r\n{}",
		"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n",
		"GET /v1/operations/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		if _, err := io.WriteString(dial(t, attacker, s.addr), text); err != nil {
			t.Fatal(err)
		}
	}
	for _, window := range []uint32{0, 1 << 30} {
		r := newRaw(t, s, attacker, window)
		for range 20 {
			r.call(s, statusPath, nil)
			r.call(s, statusPath, []byte("{}"))
		}
	}
	eventually(t, "all that are whole are in", func() bool { return entered.Load() == 2+2*20 })
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	if err := s.listener.Shutdown(ctx); err != nil {
		t.Errorf("the stop: %v", err)
	}
}

// timeSlices is what the system's scheduler may take from a call beyond what it took from the
// quiet ones: client, server and attack share the processors with other tests, and whoever
// waits there for its turn waits slices of several milliseconds. Calls without a share would
// wait for the deadlines of the attack, 20 s and more.
const timeSlices = 20 * time.Millisecond

// While one address attacks on three connections, with calls that only send headers
// and with answers that it never reads, no call of another address is refused, and
// they take about as long as before.
func TestOneAddressDoesNotKeepOthersOut(t *testing.T) { //nolint:paralleltest // it measures
	for name, body := range map[string][]byte{"headers alone": nil, "nothing read": []byte("{}")} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // it measures
			s := open(t, &shop{}, func(c *rpc.Config, h *rpc.HandlerConfig) { h.Load = load.New(load.DefaultLimits(), c.Log) })
			quiet := leastOf(t, s)
			for range 3 {
				r := newRaw(t, s, attacker, 0)
				for range 250 {
					r.call(s, statusPath, body)
				}
			}
			_ = slowest(t, s) // while the calls of the attack come in
			// The machine may begin to be busy with other tests: one calm round is enough.
			eventually(t, "calls take about as long as before", func() bool {
				attacked := slowest(t, s)
				t.Logf("p99 %v quiet, %v attacked", quiet, attacked)
				return attacked <= 2*quiet+timeSlices
			})
		})
	}
}

// leastOf is the least of a few 99th percentiles: the machine may do other work.
func leastOf(t *testing.T, s *site) time.Duration {
	t.Helper()
	return min(slowest(t, s), slowest(t, s), slowest(t, s), slowest(t, s), slowest(t, s))
}

// slowest is the 99th percentile of calls, none of which may be refused.
func slowest(t *testing.T, s *site) time.Duration {
	t.Helper()
	client := s.client(http1(t))
	var mu sync.Mutex
	var took []time.Duration
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 100 {
				start := time.Now()
				if _, err := client.GetStatus(t.Context(), &operationsv1.GetStatusRequest{}); err != nil {
					t.Errorf("refused: %v", err)
					return
				}
				mu.Lock()
				took = append(took, time.Since(start))
				mu.Unlock()
			}
		})
	}
	callers.Wait()
	slices.Sort(took)
	if len(took) == 0 {
		return 0
	}
	return took[len(took)*99/100]
}

// Replies that a client leaves unread are bounded: those beyond are given up, its next
// calls are refused, and others are served.
func TestUnreadRepliesAreBounded(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 12<<20)
	limits := load.DefaultLimits()
	limits.Unsent = load.Bound{All: 256 << 20, PerAddress: 30 << 20, PerConnection: 16 << 20}
	var limiter *load.Limiter
	s := open(t, &shop{status: func(_ context.Context, req *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		if req.GetContext() != "large" {
			return &operationsv1.GetStatusResponse{}, nil
		}
		return &operationsv1.GetStatusResponse{Contexts: []*operationsv1.ContextStatus{{Context: large}}}, nil
	}}, func(c *rpc.Config, h *rpc.HandlerConfig) {
		limiter = load.New(limits, c.Log)
		h.Load = limiter
	})
	var conns []*net.TCPConn
	for range 5 { // two are within the bound
		conn := dial(t, attacker, s.addr)
		_ = conn.SetReadBuffer(4 << 10)
		if _, err := fmt.Fprintf(conn, "GET /v1/operations/status?context=large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	eventually(t, "replies are given up", func() bool {
		err := limiter.Condition(t.Context())
		return err != nil && strings.Contains(err.Error(), "unread")
	})
	_ = slowest(t, s) // nobody else is refused
	cut := 0
	for _, conn := range conns {
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := io.Copy(io.Discard, conn); !isTimeout(err) {
			cut++ // its end came; of the others the next byte may yet come
		}
	}
	if cut == 0 || cut == len(conns) {
		t.Errorf("%d of %d were given up", cut, len(conns))
	}
}
