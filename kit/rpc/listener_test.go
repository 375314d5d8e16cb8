package rpc_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect/v2/connecthttp"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// When the server stops, every accepted request is answered, whatever their number and
// protocol; a request that arrives later is refused before it has an effect.
func TestStoppingCutsOffNoRequest(t *testing.T) {
	t.Parallel()
	const callers = 100
	var entered, answered, effects atomic.Int64
	release := make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	defer letGo()
	const first = "first"
	s := open(t, &shop{status: func(_ context.Context, req *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		if req.GetContext() != first {
			entered.Add(1)
			<-release
			effects.Add(1)
		}
		return &operationsv1.GetStatusResponse{Contexts: []*operationsv1.ContextStatus{{Ready: true}}}, nil
	}})
	calls := protocols(t, s)
	var calling sync.WaitGroup
	// The connections are there before all call at once: an HTTP/2 server gives one up whose
	// first frame it has not read within 2 s.
	for protocol, call := range calls {
		if ready, problem := call(first); !ready {
			t.Fatalf("%s: %v", protocol, problem)
		}
	}
	for protocol, call := range calls {
		for range callers {
			calling.Go(func() {
				if ready, problem := call("order"); ready {
					answered.Add(1)
				} else {
					t.Errorf("%s was cut off: %v", protocol, problem)
				}
			})
		}
	}
	total := int64(callers * len(calls))
	eventually(t, "all requests are in", func() bool { return entered.Load() == total })

	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
		defer cancel()
		if err := s.listener.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	}()
	eventually(t, "nothing more is accepted", func() bool {
		_, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(s.url + "/")
		return err != nil
	})
	letGo()
	calling.Wait()
	within(t, "the server stopped", stopped)
	if answered.Load() != total || effects.Load() != total {
		t.Errorf("%d of %d answered, %d effects", answered.Load(), total, effects.Load())
	}
}

// Clients that keep calling while the server stops see whole answers, or find the
// listener closed before their call had an effect: as many effects as answers.
func TestCallsDuringTheStopAreWholeOrRefused(t *testing.T) {
	t.Parallel()
	var effects, answers atomic.Int64
	s := open(t, &shop{status: func(context.Context, *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		effects.Add(1)
		return &operationsv1.GetStatusResponse{}, nil
	}})
	clients := []func() error{
		statusOver(t, s, http2(t), connecthttp.WithGRPC()),
		statusOver(t, s, http2(t)),
		statusOver(t, s, http1(t)),
		statusOver(t, s, http1(t), connecthttp.WithGRPCWeb()),
	}
	var calling sync.WaitGroup
	for _, call := range clients {
		for range 8 {
			calling.Go(func() {
				for call() == nil {
					answers.Add(1)
				}
			})
		}
	}
	eventually(t, "calls are under way", func() bool { return answers.Load() > 500 })
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
	defer cancel()
	s.listener.Drain()
	if err := s.listener.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	calling.Wait()
	if effects.Load() != answers.Load() {
		t.Errorf("%d effects, %d answers: %d calls were cut off", effects.Load(), answers.Load(), effects.Load()-answers.Load())
	}
}

func statusOver(t *testing.T, s *site, client *http.Client, options ...connecthttp.Option) func() error {
	t.Helper()
	call := s.client(client, options...)
	return func() error {
		_, err := call.GetStatus(context.Background(), &operationsv1.GetStatusRequest{})
		return err
	}
}

// An HTTP/1.1 client is sent elsewhere as soon as draining begins.
func TestDrainClosesKeptConnections(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	client := http1(t)
	if got := s.send(t, client, "GET", "/v1/operations/status", "", nil); got.header.Get("Connection") == "close" {
		t.Fatal("closed before")
	}
	s.listener.Drain()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/operations/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK || !res.Close {
		t.Errorf("status %d, close %t", res.StatusCode, res.Close)
	}
}

// Small answers are not compressed, large ones are.
func TestOnlyLargeAnswersAreCompressed(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{status: func(_ context.Context, req *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		res := &operationsv1.GetStatusResponse{}
		if req.GetContext() == "large" {
			res.Contexts = append(res.Contexts, &operationsv1.ContextStatus{Cause: strings.Repeat("x", 10_000)})
		}
		return res, nil
	}})
	for name, want := range map[string]string{"small": "", "large": "gzip"} {
		got := s.send(t, http1(t), "POST", statusPath, "application/json", strings.NewReader(`{"context":"`+name+`"}`), "Accept-Encoding", "gzip")
		if got.header.Get("Content-Encoding") != want {
			t.Errorf("%s: %q", name, got.header.Get("Content-Encoding"))
		}
	}
}

func TestListenReportsATakenAddress(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	if _, err := rpc.Listen(t.Context(), s.addr, 10); err == nil || !strings.Contains(err.Error(), s.addr) {
		t.Errorf("got %v", err)
	}
}
