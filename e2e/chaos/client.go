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
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1/configv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1/customerv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1/inventoryv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/token"
)

// endpoint is one way to call a context: the API of one of its replicas.
type endpoint struct {
	order    orderv1connect.OrderServiceClient
	cart     orderv1connect.CartServiceClient
	payment  paymentv1connect.PaymentServiceClient
	stock    inventoryv1connect.InventoryServiceClient
	product  catalogv1connect.ProductServiceClient
	category catalogv1connect.CategoryServiceClient
	mail     notificationv1connect.NotificationServiceClient
	account  identityv1connect.AccountServiceClient
	staff    identityv1connect.StaffServiceClient
	customer customerv1connect.CustomerServiceClient
	config   configv1connect.ConfigServiceClient
}

// newEndpoint makes an endpoint whose calls show a token; an empty one is not shown.
func newEndpoint(address, shown string) *endpoint {
	client := connect.NewClient(connecthttp.NewTransport(
		&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 10 * time.Second}}, "http://"+address), token.Show(shown))
	return &endpoint{
		order:    orderv1connect.NewOrderServiceClient(client),
		cart:     orderv1connect.NewCartServiceClient(client),
		payment:  paymentv1connect.NewPaymentServiceClient(client),
		stock:    inventoryv1connect.NewInventoryServiceClient(client),
		product:  catalogv1connect.NewProductServiceClient(client),
		category: catalogv1connect.NewCategoryServiceClient(client),
		mail:     notificationv1connect.NewNotificationServiceClient(client),
		account:  identityv1connect.NewAccountServiceClient(client),
		staff:    identityv1connect.NewStaffServiceClient(client),
		customer: customerv1connect.NewCustomerServiceClient(client),
		config:   configv1connect.NewConfigServiceClient(client),
	}
}

// showing makes a call show a token, at an endpoint that shows none.
func showing(ctx context.Context, shown string) context.Context {
	ctx, info := connect.NewClientContext(ctx)
	info.RequestHeader().Set(token.Authorization, "Bearer "+shown)
	return ctx
}

// replica is a process of the shop, past every fault.
type replica struct {
	name       string
	contexts   []string
	api        *endpoint // shows no token
	operations operationsv1connect.OperationsServiceClient
}

// newReplica returns the process with an API at an address and an internal port at a URL,
// where calls show a token.
func newReplica(name string, contexts []string, api, internal, shown string) *replica {
	client := connect.NewClient(connecthttp.NewTransport(http.DefaultClient, internal), token.Show(shown))
	return &replica{name, contexts, newEndpoint(api, ""), operationsv1connect.NewOperationsServiceClient(client)}
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
	// hashes is that its answer takes a hash of a password.
	hashes bool
}

// caller calls the shop as a patient client does: a request without an answer is sent
// again, with the same request_id, until the answer comes.
type caller struct {
	endpoints map[string][]*endpoint // by context
	tally     *tally
	// patience ends when clients stop retrying.
	patience context.Context
	// hashing has room for the attempts that take a hash at a time. The shop makes one after
	// the other, and rests between: more that waited would give up before their turn.
	hashing chan struct{}
}

// hashedAtOnce is the size of hashing.
const hashedAtOnce = 3

// pick takes one of a context's replicas.
func (c *caller) pick(context string, rng *rand.Rand) *endpoint {
	all := c.endpoints[context]
	return all[rng.IntN(len(all))]
}

// callUntilKnown calls until the answer is known, or patience ends, and records in w what came.
func callUntilKnown[T any](c *caller, rng *rand.Rand, context string, w *write, call func(ctx context.Context, d *endpoint) (T, error)) (T, error) {
	res, err := callUntilAnswered(c, rng, context, w, call)
	switch {
	case err == nil:
		c.record(w, acknowledged, "")
	case final(err):
		c.record(w, refused, reasonOf(err))
	}
	return res, err
}

// callUntilAnswered calls until there is an answer, or patience ends, and leaves it to its
// caller what the answer means: where a request has no request_id, a refusal may follow on
// an attempt that was made and not answered.
func callUntilAnswered[T any](c *caller, rng *rand.Rand, context string, w *write, call func(ctx context.Context, d *endpoint) (T, error)) (T, error) {
	pause := 50 * time.Millisecond
	for {
		res, err := attempt(c, rng, context, w.hashes, call)
		if err == nil || final(err) {
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
func attempt[T any](c *caller, rng *rand.Rand, name string, hashes bool, call func(ctx context.Context, d *endpoint) (T, error)) (T, error) {
	bound := 4 * time.Second
	if hashes {
		bound = serverBound
		c.hashing <- struct{}{}
		defer func() { <-c.hashing }()
	}
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
	f, ok := peer.Fault(err)
	if !ok {
		return false
	}
	switch connect.CodeOf(err) {
	case connect.CodeAborted:
		return f.Reason() == fault.ReasonEtagMismatch
	case connect.CodeInvalidArgument, connect.CodeNotFound, connect.CodeAlreadyExists, connect.CodeFailedPrecondition,
		connect.CodePermissionDenied, connect.CodeUnauthenticated, connect.CodeUnimplemented, connect.CodeOutOfRange:
		return true
	default:
		return false
	}
}

// reasonOf is the reason of a fault; empty when there was none.
func reasonOf(err error) string {
	if f, ok := peer.Fault(err); ok {
		return string(f.Reason())
	}
	return ""
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
	denied    map[string]int // by what was tried: refused as it had to be
	repeats   int
	exhausted int
	lost      map[string]int    // by code
	internal  map[string]string // INTERNAL answers: a kind, and one of its messages
	failures  map[string]string // those that the shop itself gave, and no torn connection
}

func newTally() *tally {
	return &tally{
		resolved: map[string]int{}, outcomes: map[string]int{}, denied: map[string]int{}, lost: map[string]int{},
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

// rightlyRefused counts something that was refused as it had to be.
func (t *tally) rightlyRefused(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.denied[what]++
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
