package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"

	"github.com/shopmesh/shopmesh/e2e/internal/process"
)

type options struct {
	seed    uint64
	minutes float64
	shape   string
	kafka   string
	window  int
}

// longestRound bounds how long one shop is used. After it the books are compared,
// and a new shop begins.
const longestRound = 10 * time.Minute

// runAll runs rounds, each with a shop, a seed and a shape of its own, and returns
// how many findings there were.
func runAll(ctx context.Context, o options) (int, error) {
	shapes := map[string][]string{"one": {"one"}, "many": {"many"}, "both": {"one", "many"}}[o.shape]
	if shapes == nil {
		return 0, fmt.Errorf("-shape %q: write one, many or both", o.shape)
	}
	if o.minutes <= 0 || o.window < enough {
		return 0, fmt.Errorf("-minutes must be more than 0, -window at least %d", enough)
	}
	bin, err := os.MkdirTemp("", "shopmesh-chaos-bin-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(bin) }()
	total := time.Duration(o.minutes * float64(time.Minute))
	rounds := max(len(shapes), int((total+longestRound-1)/longestRound))
	if rounds%len(shapes) != 0 {
		rounds++
	}
	all, findings := newSummary(), 0
	for i := range rounds {
		r := round{seed: o.seed + uint64(i), shape: shapes[i%len(shapes)], length: total / time.Duration(rounds), options: o, bin: bin}
		s, err := r.run(ctx)
		if err != nil {
			return findings, fmt.Errorf("%s: %w", r.replay(), err)
		}
		all.add(s)
		findings += s.findings
		if ctx.Err() != nil {
			break
		}
	}
	if rounds > 1 {
		all.print("all rounds")
	}
	return findings, nil
}

// round is one shop, used and broken for a while.
type round struct {
	options
	seed   uint64
	shape  string
	length time.Duration
	bin    string
}

func (r round) replay() string {
	return fmt.Sprintf("make chaos SEED=%d MINUTES=%.4g SHAPE=%s", r.seed, r.length.Minutes(), r.shape)
}

// workshop is what a round's shop is built with.
type workshop struct {
	seed            uint64
	dir, bin, kafka string
	log             func(format string, args ...any)
	files           []*os.File
}

func (w *workshop) program(command string) (string, error) { return process.Build(w.bin, command) }

// logFile is where a part logs.
func (w *workshop) logFile(part string) (io.Writer, error) {
	f, err := os.OpenFile(filepath.Join(w.dir, part+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	w.files = append(w.files, f)
	return f, nil
}

// paymentWindow is how long an order may wait for its payment.
const paymentWindow = 90 * time.Second

// patienceAfter is how long clients go on retrying when the faults are over.
const patienceAfter = 3 * time.Minute

// auditWait is how long the shop may take to come to rest then.
const auditWait = 4 * time.Minute

func (r round) run(ctx context.Context) (*summary, error) {
	fmt.Printf("\n== %s\n", r.replay())
	dir, err := os.MkdirTemp("", "shopmesh-chaos-")
	if err != nil {
		return nil, err
	}
	if _, err := process.Build(r.bin, "cmd/shopmesh"); err != nil { // the audit is its part in every shape
		return nil, err
	}
	begin := time.Now()
	w := &workshop{seed: r.seed, dir: dir, bin: r.bin, kafka: r.kafka}
	w.log = func(format string, args ...any) {
		fmt.Printf("%6.1f  %s\n", time.Since(begin).Seconds(), fmt.Sprintf(format, args...))
	}
	defer func() {
		for _, f := range w.files {
			_ = f.Close()
		}
	}()
	var s shape
	if r.shape == "one" {
		s, err = startOneProcess(w)
	} else {
		s, err = startMany(ctx, w)
	}
	if err != nil {
		return nil, err
	}
	closing := sync.OnceFunc(s.close)
	defer closing()
	starting, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	if err := s.ready(starting); err != nil {
		return nil, err
	}
	sum, err := r.breakAndCheck(ctx, s, w)
	if err != nil {
		return nil, fmt.Errorf("%w; its logs are in %s", err, dir)
	}
	if sum.findings == 0 {
		closing()
		return sum, os.RemoveAll(dir)
	}
	fmt.Printf("the shop's data and logs are in %s\n", dir)
	return sum, nil
}

func (r round) breakAndCheck(ctx context.Context, s shape, w *workshop) (*summary, error) {
	patience, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	owner, err := s.owner()
	if err != nil {
		return nil, err
	}
	answers, hashing := newTally(), make(chan struct{}, hashedAtOnce)
	d := &driver{
		caller: &caller{endpoints: s.endpoints(owner), tally: answers, patience: patience, hashing: hashing},
		public: &caller{endpoints: s.endpoints(""), tally: answers, patience: patience, hashing: hashing},
		seed:   r.seed, book: newBook(), observers: s.observers(owner), token: owner, window: make(chan struct{}, r.window), stop: stop,
		healed: make(chan struct{}), mailbox: newMailbox(s.inbox), replicas: func() []*replica { return s.replicas(owner) },
	}
	starting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := d.configure(starting); err != nil {
		return nil, fmt.Errorf("set the shop's settings: %w", err)
	}
	if err := d.fill(ctx); err != nil {
		return nil, fmt.Errorf("fill the shop: %w", err)
	}
	w.log("the shop serves; selling and breaking for %v", r.length)
	c := &chaos{driver: d, shape: s, counts: newCounts(), log: w.log}
	selling, over := context.WithTimeout(ctx, r.length)
	defer over()
	var work sync.WaitGroup
	work.Go(func() { d.run(selling) })
	// There must be something to break.
	if sleep(selling, 3*time.Second) == nil {
		c.run(selling)
	}
	healing, cancel := context.WithTimeout(context.WithoutCancel(ctx), patienceAfter)
	defer cancel()
	if err := s.ready(healing); err != nil {
		d.book.find(finding{kind: "NOT_READY", subject: "shop", message: err.Error()})
	}
	s.provider().behave()
	healed := time.Now()
	close(d.healed)
	w.log("the faults are over: %v", d.book.view())
	timer := time.AfterFunc(patienceAfter, stop)
	work.Wait()
	timer.Stop()
	w.log("every client has its answer: %v", d.book.view())
	checking, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Minute)
	defer cancel()
	d.checkRevoked(checking) // while the tokens are not over by themselves
	// What can't be compared is a finding too, and hides none of the others.
	if err := r.audit(d, s, w); err != nil {
		d.book.find(finding{kind: "NOT_AUDITED", subject: "shop", message: err.Error()})
	}
	if err := d.check(checking, s.inbox(), paymentWindow); err != nil {
		d.book.find(finding{kind: "NOT_COMPARED", subject: "shop", message: err.Error()})
	}
	d.checkCards(s.provider().fake.Ledger())
	if ctx.Err() == nil { // else the round was cut short
		d.judgeMix(c.counts, s.outage() != nil)
	}
	died := s.died()
	for _, words := range died {
		d.book.find(finding{kind: "ENDED_BY_ITSELF", subject: "shop", message: words})
	}
	w.log("compared with what the clients know: %d findings", len(d.book.findings))
	sum := summarize(d, c.counts, len(died))
	if sum.findings > 0 {
		sum.complaints = w.complaints(healed)
	}
	sum.print(r.replay())
	r.explain(checking, d)
	return sum, nil
}

// audit lets the shop prove its own books.
func (r round) audit(d *driver, s shape, w *workshop) error {
	program, err := w.program("cmd/shopmesh")
	if err != nil {
		return err
	}
	report, code, err := process.Audit(program, s.internal(), d.token, auditWait)
	if err != nil {
		return err
	}
	w.log("shopmesh audit: %d orders, %d findings, exit code %d", report.Orders, len(report.Findings), code)
	for _, f := range report.Findings {
		found := finding{kind: "AUDIT " + f.Kind, subject: f.Subject, message: f.Message}
		if uuid.Validate(f.Subject) == nil {
			found.orderID = f.Subject
		}
		d.book.find(found)
	}
	if code != 0 && len(report.Findings) == 0 || len(report.Pending) > 0 {
		d.book.find(finding{kind: "AUDIT", subject: "shop", message: fmt.Sprintf("exit code %d, pending %v", code, report.Pending)})
	}
	return nil
}

// explained is how many findings are printed with the order's timeline.
const explained = 20

func (r round) explain(ctx context.Context, d *driver) {
	printed := map[string]bool{}
	for i, f := range d.book.findings {
		fmt.Printf("\nFINDING %d of %d: %v\n  replay: %s\n", i+1, len(d.book.findings), f, r.replay())
		if f.orderID == "" || printed[f.orderID] || len(printed) >= explained {
			continue
		}
		printed[f.orderID] = true
		d.printOrder(ctx, f.orderID)
	}
}

// printOrder prints all that the shop and the client know of an order.
func (d *driver) printOrder(ctx context.Context, id string) {
	timeline, err := read(ctx, d.caller, "order", func(ctx context.Context, k *endpoint) (*orderv1.GetOrderTimelineResponse, error) {
		return k.order.GetOrderTimeline(ctx, &orderv1.GetOrderTimelineRequest{Id: id})
	})
	fmt.Printf("  timeline (missing: %v, error: %v):\n", timeline.GetMissing(), err)
	for _, e := range timeline.GetEntries() {
		fmt.Printf("    %s %s %s %s (%s)\n", e.GetCreateTime().AsTime().Format("15:04:05.000000"), e.GetContext(), e.GetKind(), e.GetDetail(), e.GetActor())
	}
	payments, err := read(ctx, d.caller, "payment", func(ctx context.Context, k *endpoint) (*paymentv1.ListPaymentsResponse, error) {
		return k.payment.ListPayments(ctx, &paymentv1.ListPaymentsRequest{Filter: fmt.Sprintf("order_id = %q", id)})
	})
	fmt.Printf("  payments (error: %v): %v\n", err, payments.GetPayments())
	for _, p := range payments.GetPayments() {
		refunds, err := read(ctx, d.caller, "payment", func(ctx context.Context, k *endpoint) (*paymentv1.ListRefundsResponse, error) {
			return k.payment.ListRefunds(ctx, &paymentv1.ListRefundsRequest{PaymentId: p.GetId()})
		})
		fmt.Printf("  refunds (error: %v): %v\n", err, refunds.GetRefunds())
	}
	mails, err := read(ctx, d.caller, "notification", func(ctx context.Context, k *endpoint) (*notificationv1.ListNotificationsResponse, error) {
		return k.mail.ListNotifications(ctx, &notificationv1.ListNotificationsRequest{Filter: fmt.Sprintf("order_id = %q", id)})
	})
	fmt.Printf("  mails (error: %v): %v\n", err, mails.GetNotifications())
	i := slices.IndexFunc(d.book.orders, func(o *order) bool { return o.id == id })
	if i < 0 {
		fmt.Println("  no client has it")
		return
	}
	o := d.book.orders[i]
	fmt.Printf("  the client: PlaceOrder %s, method %s, %d cents, seen %s\n", o.place.requestID, o.method, o.total, short(o.state))
	for _, w := range slices.Concat(o.cancels, o.ships, o.delivers) {
		fmt.Printf("    %s %s: %s\n", w.kind, w.requestID, outcomeAndAttempts(w))
	}
	for _, f := range o.refunds {
		fmt.Printf("    %s %s of %d cents (%s): %s\n", f.kind, f.requestID, f.amount, f.id, outcomeAndAttempts(&f.write))
	}
}

func outcomeAndAttempts(w *write) string {
	if w.outcome == unknown {
		return fmt.Sprintf("never answered (%d attempts)", w.lost)
	}
	return strings.TrimSpace(fmt.Sprintf("%s after %d attempts without an answer", outcomeOf(w), w.lost))
}
