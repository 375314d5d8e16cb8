package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// retryOf reads the delay that a refused call gets; 0 when it gets none.
func retryOf(err error) time.Duration {
	var coded *connect.Error
	if !errors.As(err, &coded) {
		return 0
	}
	for _, detail := range coded.Details() {
		message, err := connectproto.UnmarshalErrorDetail(detail)
		if err != nil {
			continue
		}
		if retry, ok := message.(*errdetails.RetryInfo); ok {
			return retry.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// megabytes is what the shop's process holds in memory; PostgreSQL is another.
func (s *oneProcess) megabytes() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Pid()))
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return n >> 10
		}
	}
	return 0
}

// Far more calls at once than can be answered in time, for several seconds: what is
// shed is answered when to come again; every order that was accepted is completed, and
// those whose clients wait as long get in; memory stays bounded; and when the
// load is over nothing is shed.
func TestOverload(t *testing.T) {
	t.Parallel()
	s := up(t)
	begin := time.Now()
	mug := s.sell(euros(5, 0), 1_000_000)
	all := newAccepted()
	// Many connections, and on each as many calls as may be.
	orders := make([]orderv1connect.OrderServiceClient, 8)
	for i := range orders {
		protocols := new(http.Protocols)
		protocols.SetUnencryptedHTTP2(true)
		transport := &http.Transport{Protocols: protocols}
		t.Cleanup(transport.CloseIdleConnections)
		orders[i] = orderv1connect.NewOrderServiceClient(connect.NewClient(connecthttp.NewTransport(&http.Client{Transport: transport}, s.api["order"]), token.Show(s.token)))
	}
	var shed, cut atomic.Int64
	try := func(ctx context.Context, n int, req *orderv1.PlaceOrderRequest) error {
		res, err := orders[n%len(orders)].PlaceOrder(ctx, req)
		var coded *connect.Error
		switch {
		case err == nil:
			all.add(req, res.GetOrder())
		case connect.CodeOf(err) == connect.CodeResourceExhausted:
			shed.Add(1)
			if delay := retryOf(err); delay < 500*time.Millisecond || delay >= 1500*time.Millisecond {
				t.Errorf("the delay is %v: %v", delay, err)
			}
		case errors.As(err, &coded) && coded.IsRemote():
			t.Errorf("answered %v", err)
		default:
			// No answer: a connection that did not come about, on a machine that has
			// other things to do. Whether the order was taken is not known.
			cut.Add(1)
		}
		return err
	}
	for n := range orders {
		if err := try(t.Context(), n, request("sandbox_ok", of(mug.GetCode(), 1))); err != nil {
			t.Fatal(err)
		}
	}
	var calls sync.WaitGroup
	// An open loop: waves of calls that nobody holds back.
	for n := range 6000 {
		calls.Go(func() { _ = try(t.Context(), n, request("sandbox_ok", of(mug.GetCode(), 1))) })
	}
	// Patient clients among them, each with one order.
	var patient atomic.Int64
	for n := range 50 {
		calls.Go(func() {
			req := request("sandbox_ok", of(mug.GetCode(), 1))
			ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
			defer cancel()
			for ctx.Err() == nil {
				err := try(ctx, n, req)
				if err == nil {
					patient.Add(1)
					return
				}
				select {
				case <-time.After(max(retryOf(err), 500*time.Millisecond)):
				case <-ctx.Done():
				}
			}
		})
	}
	most := 0
	done := make(chan struct{})
	go func() {
		calls.Wait()
		close(done)
	}()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for over := false; !over; {
		select {
		case <-done:
			over = true
		case <-tick.C:
			most = max(most, s.megabytes())
		}
	}
	t.Logf("%d accepted, %d shed, %d cut off, at most %d MiB", len(all.reqs), shed.Load(), cut.Load(), most)
	if shed.Load() == 0 || patient.Load() != 50 {
		t.Errorf("%d calls were shed, %d of 50 patient clients got in", shed.Load(), patient.Load())
	}
	if most == 0 || most > 600 {
		t.Errorf("the shop took %d MiB", most)
	}
	// One a minute while it lasts.
	if n, minutes := strings.Count(s.process.Log(), "calls are shed"), int(time.Since(begin)/time.Minute); n > 4+minutes {
		t.Errorf("%d lines are about shedding, in %d minutes", n, minutes)
	}
	// The load is over: the next order is taken, and readiness lists no condition.
	eventually(t, func(ctx context.Context) error {
		_, err := s.order.PlaceOrder(ctx, request("sandbox_ok", of(mug.GetCode(), 1)))
		return err
	})
	all.mustEnd(t, &s.shop)
	s.mustAudit()
	eventually(t, func(context.Context) error {
		if body := s.readiness(); strings.Contains(body, "conditions") {
			return errorf("still %s", body)
		}
		return nil
	})
}

// readiness is what /readyz answers.
func (s *shop) readiness() string {
	s.t.Helper()
	res, err := http.Get(s.internal[0] + "/readyz")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(body)
}
