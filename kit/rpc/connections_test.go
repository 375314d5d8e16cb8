package rpc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

const bound = 8

// crowded serves on a listener of few connections; requests for /wait last until
// release is closed.
func crowded(t *testing.T) (listener *rpc.Listener, log *testkit.Lines, inWork chan struct{}, release chan struct{}) {
	t.Helper()
	listener, err := rpc.Listen(t.Context(), "127.0.0.1:0", bound)
	if err != nil {
		t.Fatal(err)
	}
	log, inWork, release = &testkit.Lines{}, make(chan struct{}, 100), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /wait", func(http.ResponseWriter, *http.Request) {
		inWork <- struct{}{}
		<-release
	})
	listener.Serve(mux, log.Log())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
		defer cancel()
		if err := listener.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return listener, log, inWork, release
}

// idle opens a connection that does what its text stands for and then nothing, and returns it once
// the server has answered.
func idle(t *testing.T, listener *rpc.Listener, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", listener.Addr()) //nolint:noctx // the test's own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if text != "" {
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

// request makes one request on a connection of its own.
func request(t *testing.T, client *http.Client, url string) error {
	t.Helper()
	res, err := client.Get(url) //nolint:noctx // bounded by the test
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func alone(client *http.Client) *http.Client {
	client.Timeout = testkit.Patience
	return client
}

// However many idle connections somebody opens, of each kind, others get in, and the
// request that is in work gets its answer.
func TestIdleConnectionsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"silent":   "",
		"HTTP/1.1": "GET / HTTP/1.1\r\nHost: shop\r\n\r\n",
		"HTTP/2":   "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
	} {
		for kind, client := range map[string]*http.Client{"over HTTP/1.1": http1(t), "over HTTP/2": http2(t)} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				listener, log, inWork, release := crowded(t)
				long := make(chan error, 1)
				go func() { long <- request(t, alone(client), listener.URL()+"/wait") }()
				within(t, "a request is in work", inWork)
				var conns []net.Conn
				for range 10 * bound {
					conns = append(conns, idle(t, listener, text))
					if len(conns)%bound == 0 {
						if err := request(t, alone(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}), listener.URL()); err != nil {
							t.Errorf("with %d idle connections: %v", len(conns), err)
						}
					}
				}
				// Those that were there first are closed.
				_ = conns[0].SetReadDeadline(time.Now().Add(testkit.Patience))
				if _, err := io.Copy(io.Discard, conns[0]); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
					t.Errorf("the first connection is open still: %v", err)
				}
				close(release)
				if err := <-long; err != nil {
					t.Errorf("the request in work: %v", err)
				}
				if err := listener.Condition(t.Context()); err == nil || !strings.Contains(err.Error(), "8 are open, the bound") {
					t.Errorf("the condition is %v", err)
				}
				if n := strings.Count(log.String(), "\n"); n < 1 || n > 2 {
					t.Errorf("%d lines:\n%s", n, log)
				}
			})
		}
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// Where all connections are in use, one more is closed at once instead of waiting
// unseen; when one is free again, the next gets in.
func TestConnectionsBeyondTheBoundAreClosed(t *testing.T) {
	t.Parallel()
	listener, _, inWork, release := crowded(t)
	var calls sync.WaitGroup
	for range bound {
		calls.Go(func() {
			if err := request(t, alone(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}), listener.URL()+"/wait"); err != nil {
				t.Errorf("in work: %v", err)
			}
		})
	}
	for range bound {
		within(t, "a request is in work", inWork)
	}
	client := alone(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}})
	if err := request(t, client, listener.URL()); err == nil || isTimeout(err) {
		t.Errorf("one too many: %v", err)
	}
	close(release)
	calls.Wait()
	eventually(t, "there is room again", func() bool { return request(t, client, listener.URL()) == nil })
}
