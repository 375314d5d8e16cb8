// Package stripefake is a stand-in for Stripe in tests: PaymentIntents, refunds and
// disputes with their states, idempotency keys as Stripe documents them, and webhooks, over
// HTTP. It acts and then loses answers, answers late or with failures, and sends its
// events early, late, twice and in any order, as chance from a seed decides. Its state
// lives in its own memory: it survives whatever happens to the shop.
//
// What a PaymentMethod does is that of Stripe's test methods
// (https://docs.stripe.com/testing) of the same name; see outcomeOf. Every other name
// that begins with "pm_" is a card that pays.
package stripefake

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config is how the fake behaves. The zero Config answers everything at once and
// sends no webhook.
type Config struct {
	// Key is the secret key that requests must bear; "sk_test_fake" when empty.
	Key string
	// Seed decides about chance: with the same requests in the same order, the same.
	Seed uint64
	// Faults are what goes wrong with requests.
	Faults Faults
	// Webhooks are where and how events are sent; see also SetEndpoint.
	Webhooks Webhooks
	// AsyncAfter is how long what takes its time takes: a payment that is "processing",
	// a refund that is "pending" or fails later. 0 leaves it until Advance.
	AsyncAfter time.Duration
	// VisitAfter bounds how long it takes, by chance, until a customer goes through a Checkout
	// Session that the shop read: most pay, some after a card that was declined, some by a
	// debit, and some never come. 0 leaves it to Visit.
	VisitAfter time.Duration
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Faults are chances from 0 to 1, drawn for each request in this order.
type Faults struct {
	// Unreached cuts the connection before anything is done.
	Unreached float64
	// Redirect answers 308 to another host.
	Redirect float64
	// TooMany answers 429.
	TooMany float64
	// Unavailable answers 503 before anything is done; it is not kept under the key.
	Unavailable float64
	// Slow waits SlowFor before it acts.
	Slow    float64
	SlowFor time.Duration
	// Lost acts and cuts the connection.
	Lost float64
	// Failed acts and answers 500, which it keeps under the key. Only of POST.
	Failed float64
}

// Ledger entries and events count amounts as Stripe does, in its minor units.

// Payment is one PaymentIntent, as the ledger holds it.
type Payment struct {
	Intent        string
	Status        string
	PaymentID     string // of its metadata, as OrderID and Reference
	OrderID       string
	Reference     string
	PaymentMethod string
	Amount        int64
	Received      int64
	Currency      string
	// Refunded is the sum of its refunds that succeeded, Refunding of those pending.
	Refunded  int64
	Refunding int64
	// Charges counts how often money was taken: never more than 1.
	Charges int
}

// Fake is the stand-in. It is an http.Handler; Close ends what it does by itself.
type Fake struct {
	cfg Config
	mux *http.ServeMux

	mu      sync.Mutex
	chance  *rand.Rand
	number  int
	intents map[string]*intent
	order   []*intent
	// sessions are Checkout Sessions, opened in their order.
	sessions map[string]*session
	opened   []*session
	refunds  map[string]*refund
	given    []*refund

	disputes map[string]*dispute

	keys   map[string]*kept
	seen   map[string]int // requests by "METHOD /path"
	faults Faults

	sender
	ending context.Context //nolint:containedctx // of what the fake does by itself, ended by Close
	end    context.CancelFunc
	closed bool
	work   sync.WaitGroup
}

// New makes a fake.
func New(cfg Config) *Fake {
	if cfg.Key == "" {
		cfg.Key = "sk_test_fake"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	f := &Fake{
		cfg: cfg, faults: cfg.Faults, chance: rand.New(rand.NewPCG(cfg.Seed, 0x5374726970650000)), //nolint:gosec // repeatable on purpose
		intents: map[string]*intent{}, sessions: map[string]*session{}, refunds: map[string]*refund{}, disputes: map[string]*dispute{}, keys: map[string]*kept{}, seen: map[string]int{},
	}
	f.ending, f.end = context.WithCancel(context.Background())
	f.hooks = cfg.Webhooks
	f.mux = f.routes()
	return f
}

// Close stops sending webhooks and what would happen later, and waits for it.
func (f *Fake) Close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.end()
	f.work.Wait()
}

// SetFaults changes what goes wrong from now on.
func (f *Fake) SetFaults(faults Faults) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = faults
}

// Requests counts the requests that came for a method and path, such as "POST
// /v1/refunds"; ids in paths are written "{id}".
func (f *Fake) Requests(pattern string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen[pattern]
}

// Ledger returns all PaymentIntents, oldest first.
func (f *Fake) Ledger() []Payment {
	f.mu.Lock()
	defer f.mu.Unlock()
	payments := make([]Payment, len(f.order))
	for i, in := range f.order {
		payments[i] = Payment{
			Intent: in.id, Status: in.status, PaymentID: in.metadata["payment_id"], OrderID: in.metadata["order_id"],
			Reference: in.metadata["reference"], PaymentMethod: in.method, Amount: in.amount, Received: in.received,
			Currency: in.currency, Refunded: in.sum("succeeded"), Refunding: in.sum("pending"), Charges: in.charges,
		}
	}
	return payments
}

// Of returns the PaymentIntents of a payment, by the id in their metadata.
func (f *Fake) Of(paymentID string) []Payment {
	return slices.DeleteFunc(f.Ledger(), func(p Payment) bool { return p.PaymentID != paymentID })
}

// Authenticate ends the customer's 3-D Secure check, or visit of a bank's page, of a
// PaymentIntent that requires action: the money is taken, or the check failed.
func (f *Fake) Authenticate(intentID string, passed bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	in, ok := f.intents[intentID]
	if !ok || in.status != "requires_action" {
		return fmt.Errorf("there is no PaymentIntent %s that requires action", intentID)
	}
	if passed {
		f.succeed(in)
	} else {
		f.fail(in, apiError{Code: "payment_intent_authentication_failure", Type: "invalid_request_error"})
	}
	return nil
}

// Advance ends all that takes its time, as it would end by itself later: it returns
// how much that was.
func (f *Fake) Advance() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, in := range f.order {
		if f.advanceIntent(in) {
			n++
		}
	}
	for _, r := range f.given {
		if f.advanceRefund(r) {
			n++
		}
	}
	return n
}

// RefundElsewhere gives money back as somebody at Stripe's dashboard would: without
// the shop's ids, and no more than is left.
func (f *Fake) RefundElsewhere(intentID string, amount int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	in, ok := f.intents[intentID]
	if !ok || in.status != "succeeded" {
		return fmt.Errorf("there is no PaymentIntent %s with money", intentID)
	}
	if left := in.received - in.sum("succeeded") - in.sum("pending"); amount > left {
		return fmt.Errorf("of PaymentIntent %s %d are left, not %d", intentID, left, amount)
	}
	f.giveBack(in, amount, map[string]string{})
	return nil
}

// Dispute opens a dispute of a PaymentIntent's charge, as its customer's bank would,
// and returns its id. While it is not won, Stripe refuses refunds.
func (f *Fake) Dispute(intentID string, amount int64, reason string) (id string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	in, ok := f.intents[intentID]
	if !ok || in.status != "succeeded" {
		return "", fmt.Errorf("there is no PaymentIntent %s with money", intentID)
	}
	d := &dispute{id: f.id("dp"), status: "needs_response", reason: reason, amount: amount, created: f.cfg.Now().Unix(), of: in}
	f.disputes[d.id] = d
	in.disputes = append(in.disputes, d)
	f.emit("charge.dispute.created", d.json())
	return d.id, nil
}

// SetDispute changes how a dispute stands, such as to "under_review", "won" or "lost".
func (f *Fake) SetDispute(id, status string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	d, ok := f.disputes[id]
	if !ok {
		return fmt.Errorf("there is no dispute %s", id)
	}
	d.status = status
	kind := "charge.dispute.updated"
	if status == "won" || status == "lost" || status == "warning_closed" {
		kind = "charge.dispute.closed"
	}
	f.emit(kind, d.json())
	return nil
}

// Tamper changes a PaymentIntent behind everybody's back.
func (f *Fake) Tamper(intentID string, change func(p *Payment)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	in := f.intents[intentID]
	p := Payment{Amount: in.amount, Received: in.received, Currency: in.currency, Status: in.status, PaymentID: in.metadata["payment_id"], OrderID: in.metadata["order_id"]}
	change(&p)
	in.amount, in.received, in.currency, in.status = p.Amount, p.Received, p.Currency, p.Status
	in.metadata["payment_id"], in.metadata["order_id"] = p.PaymentID, p.OrderID
}

// later runs what takes its time, unless the fake is closed before.
func (f *Fake) later(act func()) {
	if f.cfg.AsyncAfter <= 0 || f.closed {
		return
	}
	f.work.Go(func() {
		timer := time.NewTimer(f.cfg.AsyncAfter)
		defer timer.Stop()
		select {
		case <-f.ending.Done():
		case <-timer.C:
			f.mu.Lock()
			defer f.mu.Unlock()
			act()
		}
	})
}

// id makes the next id with a prefix.
func (f *Fake) id(prefix string) string {
	f.number++
	return fmt.Sprintf("%s_fake%08d", prefix, f.number)
}

// outcome is what becomes of a payment by its PaymentMethod.
type outcome int

const (
	pays outcome = iota
	declines
	needsCustomer
	redirects
	processes
	processesAndFails
	unknownMethod
)

// outcomeOf knows Stripe's test PaymentMethods by name.
func outcomeOf(method string) (outcome, apiError) {
	declined := func(decline string) apiError {
		return apiError{Code: "card_declined", DeclineCode: decline, Type: "card_error", Message: "Your card was declined."}
	}
	switch {
	case !strings.HasPrefix(method, "pm_"), strings.HasPrefix(method, "pm_missing"):
		return unknownMethod, apiError{}
	case strings.HasSuffix(method, "chargeDeclined"):
		return declines, declined("generic_decline")
	case strings.HasSuffix(method, "chargeDeclinedInsufficientFunds"):
		return declines, declined("insufficient_funds")
	case strings.HasSuffix(method, "threeDSecure2Required"), strings.HasSuffix(method, "authenticationRequired"):
		return needsCustomer, apiError{}
	case method == "pm_ideal":
		return redirects, apiError{}
	case method == "pm_usBankAccount_success":
		return processes, apiError{}
	case strings.HasPrefix(method, "pm_usBankAccount"):
		return processesAndFails, apiError{Code: "payment_method_provider_decline", Type: "card_error", Message: "The bank account has been declined."}
	default:
		return pays, apiError{}
	}
}
