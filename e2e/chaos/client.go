package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1/inventoryv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
	"github.com/shopmesh/shopmesh/kit/peer"
)

// endpoint is one way to call a context: the API of one of its replicas.
type endpoint struct {
	order    orderv1connect.OrderServiceClient
	payment  paymentv1connect.PaymentServiceClient
	stock    inventoryv1connect.InventoryServiceClient
	product  catalogv1connect.ProductServiceClient
	category catalogv1connect.CategoryServiceClient
	mail     notificationv1connect.NotificationServiceClient
}

func newEndpoint(address string) *endpoint {
	client := connect.NewClient(connecthttp.NewTransport(
		&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 10 * time.Second}}, "http://"+address))
	return &endpoint{
		order:    orderv1connect.NewOrderServiceClient(client),
		payment:  paymentv1connect.NewPaymentServiceClient(client),
		stock:    inventoryv1connect.NewInventoryServiceClient(client),
		product:  catalogv1connect.NewProductServiceClient(client),
		category: catalogv1connect.NewCategoryServiceClient(client),
		mail:     notificationv1connect.NewNotificationServiceClient(client),
	}
}

// outcome is what a client knows of a write.
type outcome int

const (
	unknown      outcome = iota // no answer: it may have happened
	acknowledged                // it happened
	refused                     // it did not, and never will under this request_id
)

// write is one request that changes something, as its client remembers it.
type write struct {
	kind      string // such as "PlaceOrder"
	requestID string
	outcome   outcome
	// lost counts attempts without an answer before it was known.
	lost int
	// why it was refused.
	reason string
}

// caller calls the shop as a patient client does: a request without an answer is sent
// again, with the same request_id, until the answer comes.
type caller struct {
	endpoints map[string][]*endpoint // by context
	tally     *tally
	// patience ends when clients stop retrying.
	patience context.Context
}

// pick takes one of a context's replicas.
func (c *caller) pick(context string, rng *rand.Rand) *endpoint {
	all := c.endpoints[context]
	return all[rng.IntN(len(all))]
}

// callUntilKnown calls until the answer is known, or patience ends, and records in w what came.
// The second result reports that there was an answer.
func callUntilKnown[T any](c *caller, rng *rand.Rand, context string, w *write, call func(ctx context.Context, d *endpoint) (T, error)) (T, error) {
	pause := 50 * time.Millisecond
	for {
		res, err := attempt(c, rng, context, call)
		switch {
		case err == nil:
			c.record(w, acknowledged, "")
			return res, nil
		case final(err):
			f, _ := peer.Fault(err)
			c.record(w, refused, string(f.Reason()))
			return res, err
		}
		if connect.CodeOf(err) == connect.CodeResourceExhausted {
			c.tally.shed()
		} else {
			w.lost++
			c.tally.lostAnswer(w.kind, err)
		}
		select {
		case <-c.patience.Done():
			return res, err
		case <-time.After(pause/2 + time.Duration(rng.Int64N(int64(pause)))):
		}
		pause = min(2*pause, time.Second)
	}
}

// attempt calls once, mostly with enough time, sometimes with too little: a client that
// gives up does not know the outcome either.
func attempt[T any](c *caller, rng *rand.Rand, name string, call func(ctx context.Context, d *endpoint) (T, error)) (T, error) {
	bound := 4 * time.Second
	if rng.IntN(10) == 0 {
		bound = time.Duration(5+rng.IntN(100)) * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.patience), bound)
	defer cancel()
	return call(ctx, c.pick(name, rng))
}

func (c *caller) record(w *write, o outcome, reason string) {
	if w.outcome == unknown {
		w.outcome, w.reason = o, reason
		c.tally.known(w)
	}
}

// final errors are refusals by the shop: sent again, the request would be refused
// again. After the others the outcome is not known, or the request is to be retried.
func final(err error) bool {
	if _, ok := peer.Fault(err); !ok {
		return false
	}
	switch connect.CodeOf(err) {
	case connect.CodeInvalidArgument, connect.CodeNotFound, connect.CodeAlreadyExists, connect.CodeFailedPrecondition,
		connect.CodePermissionDenied, connect.CodeUnauthenticated, connect.CodeUnimplemented, connect.CodeOutOfRange:
		return true
	default:
		return false
	}
}

// read calls something that only reads until it answers or the time is over.
func read[T any](ctx context.Context, c *caller, name string, call func(ctx context.Context, d *endpoint) (T, error)) (T, error) {
	all := c.endpoints[name]
	for i := 0; ; i++ {
		once, cancel := context.WithTimeout(ctx, 10*time.Second)
		res, err := call(once, all[i%len(all)])
		cancel()
		if err == nil || final(err) || ctx.Err() != nil {
			return res, err
		}
		select {
		case <-ctx.Done():
			return res, fmt.Errorf("%w (last: %w)", ctx.Err(), err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// tally counts what the clients saw.
type tally struct {
	mu        sync.Mutex
	resolved  map[string]int // by kind: writes that were unknown for a while
	outcomes  map[string]int // by kind and outcome
	repeats   int
	exhausted int
	lost      map[string]int    // by code
	internal  map[string]string // INTERNAL answers: a kind, and one of its messages
	failures  map[string]string // those that the shop itself gave, and no torn connection
}

func newTally() *tally {
	return &tally{
		resolved: map[string]int{}, outcomes: map[string]int{}, lost: map[string]int{},
		internal: map[string]string{}, failures: map[string]string{},
	}
}

func (t *tally) shed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.exhausted++
}

func (t *tally) repeated() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.repeats++
}

func (t *tally) lostAnswer(kind string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	code := connect.CodeOf(err)
	t.lost[code.String()]++
	if code != connect.CodeInternal {
		return
	}
	t.internal[kind] = err.Error()
	if _, shops := peer.Fault(err); shops {
		t.failures[kind] = err.Error()
	}
}

func (t *tally) known(w *write) {
	t.mu.Lock()
	defer t.mu.Unlock()
	what := "acknowledged"
	if w.outcome == refused {
		what = "refused " + w.reason
	}
	t.outcomes[w.kind+" "+what]++
	if w.lost > 0 {
		t.resolved[w.kind]++
	}
}
