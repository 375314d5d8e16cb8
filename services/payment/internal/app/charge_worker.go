package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/shopmesh/shopmesh/kit/batch"
	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/kit/crashpoint"
	"github.com/shopmesh/shopmesh/kit/pg"
	kittrace "github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

const (
	// maxUnderWay bounds the requests at the provider at one time. It is generous,
	// because a request that waits for a slow answer costs a few kilobytes.
	maxUnderWay = 1024
	// maxWaiting bounds what waits in memory for its turn; what does not fit is
	// found in the database when its lease is over.
	maxWaiting = 16384
	// takeAtOnce bounds what one look into the database takes over.
	takeAtOnce = 256
	// lookEvery is the longest time between two looks for what is due, and
	// lookAgain the time after one that failed.
	lookEvery = 250 * time.Millisecond
	lookAgain = 2 * time.Second
	// grace is how long requests under way may take to end when the process stops.
	grace = 2 * time.Second
)

// ChargeWorker asks the provider, many requests at a time, and has the answers recorded.
// It is handed what this process stored, right after the commit, and looks into
// the database for what others left: unknown outcomes, and what a crash cut off.
type ChargeWorker struct {
	pool      *pg.Pool
	providers provider.Providers
	deps      Deps
	record    *batch.Collector[domain.Answered, domain.Payment]
	park      Park
	log       *slog.Logger
	tracer    trace.Tracer
	// unrecorded tells that answers can't be recorded, which keep says of each.
	unrecorded *condition.Condition

	waiting  chan task     // see maxWaiting
	slots    chan struct{} // see maxUnderWay
	underWay sync.WaitGroup
}

// task is one request to make: the payment's charge or the refund, whichever is set.
type task struct {
	payment *domain.Payment
	refund  *domain.RefundOrder
	// lease is when others may take it over.
	lease time.Time
}

// NewChargeWorker makes a worker; Close ends it after Run.
func NewChargeWorker(
	pool *pg.Pool, providers provider.Providers, deps Deps, recorder Recorder, park Park, tracer trace.TracerProvider, log *slog.Logger,
) *ChargeWorker {
	w := &ChargeWorker{
		pool: pool, providers: providers, deps: deps, park: park, log: log, tracer: tracer.Tracer("github.com/shopmesh/shopmesh/services/payment"),
		unrecorded: condition.New(log, "can't record what the provider answered; it is asked again"),
		waiting:    make(chan task, maxWaiting), slots: make(chan struct{}, maxUnderWay),
	}
	answers := RecordAnswers{Pool: pool, Deps: deps, Recorder: recorder}
	w.record = batch.New(batch.Config{Workers: 1, Max: 256, Wait: 3 * time.Millisecond, Rest: 5 * time.Millisecond},
		func(ctx context.Context, in []domain.Answered) []batch.Result[domain.Payment] {
			return answers.Run(ctx, in, w.Take)
		})
	return w
}

// Close waits until what was answered is recorded.
func (w *ChargeWorker) Close() { w.record.Close() }

// Take queues what a transaction left to do. It never blocks.
func (w *ChargeWorker) Take(changes domain.Changes) {
	for _, payment := range changes.Charges {
		w.put(task{payment: &payment, lease: payment.Due})
	}
	for _, order := range changes.Refunds {
		w.put(task{refund: &order, lease: order.Refund.Due})
	}
}

// put queues a task unless too many wait; then it is found again when it is due.
func (w *ChargeWorker) put(t task) {
	select {
	case w.waiting <- t:
	default:
	}
}

// Run works until ctx ends. Requests that are under way then have a decision to end;
// after that they are cut off, and recorded as unknown.
func (w *ChargeWorker) Run(ctx context.Context) error {
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var looking sync.WaitGroup
	looking.Go(func() { w.look(ctx) })
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case t := <-w.waiting:
			w.start(ctx, requests, t)
		}
	}
	looking.Wait()
	stop := time.AfterFunc(grace, cut)
	defer stop.Stop()
	w.underWay.Wait()
	return ctx.Err()
}

// start makes a request beside the others once there is room. A task whose lease
// leaves no time for the request is dropped: others may be at it.
func (w *ChargeWorker) start(ctx, requests context.Context, t task) {
	select {
	case <-ctx.Done():
		return
	case w.slots <- struct{}{}:
	}
	if w.deps.Now().Add(w.deps.Terms.ProviderTimeout).After(t.lease) {
		<-w.slots
		return
	}
	w.underWay.Go(func() {
		defer func() { <-w.slots }()
		if t.refund != nil {
			w.Refund(requests, *t.refund)
			return
		}
		w.charge(requests, *t.payment)
	})
}

// look takes over what is due, again and again.
func (w *ChargeWorker) look(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	blind := condition.New(w.log, "can't look for due payments; they are looked for again")
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		more, err := w.takeDue(ctx)
		blind.Notice(ctx, err)
		switch {
		case err != nil:
			timer.Reset(lookAgain)
		case more:
			timer.Reset(0)
		default:
			timer.Reset(max(10*time.Millisecond, min(lookEvery, w.deps.Terms.RetryAfter)))
		}
	}
}

// takeDue queues what is due as far as there is room, and says whether there may
// be more.
func (w *ChargeWorker) takeDue(ctx context.Context) (more bool, err error) {
	room := min(takeAtOnce, (maxWaiting-len(w.waiting))/2)
	if room <= 0 {
		return false, nil
	}
	now := w.deps.Now()
	lease := now.Add(w.deps.Terms.lease())
	payments, err := store.TakeDuePayments(ctx, w.pool, now, lease, int32(room))
	if err != nil {
		return false, err
	}
	for _, payment := range payments {
		w.put(task{payment: &payment, lease: lease})
	}
	refunds, err := store.TakeDueRefunds(ctx, w.pool, now, lease, int32(room))
	if err != nil {
		return false, err
	}
	for _, order := range refunds {
		w.put(task{refund: &order, lease: lease})
	}
	return len(payments) == room || len(refunds) == room, nil
}

// charge asks the provider for a payment's money, once. Where the provider opens a
// charge first, the money is asked for as soon as the charge's id is stored, unless
// the payment was settled meanwhile.
func (w *ChargeWorker) charge(ctx context.Context, p domain.Payment) {
	ctx, span := w.tracer.Start(continued(ctx, p.Trace), "charge", trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	answer := w.askCharge(ctx, span, p)
	stands, kept := w.keep(ctx, domain.Answered{PaymentID: p.ID, Answer: answer})
	if answer.Outcome != domain.Opened || !kept || stands.Settled() {
		return
	}
	w.keep(ctx, domain.Answered{PaymentID: p.ID, Answer: w.askCharge(ctx, span, stands)})
}

func (w *ChargeWorker) askCharge(ctx context.Context, span trace.Span, p domain.Payment) domain.Answer {
	return w.ask(ctx, span, p.ID, func(ctx context.Context) (provider.Status, string, string, error) {
		taker, err := w.taker(p.Provider)
		if err != nil {
			return 0, "", "", err
		}
		crashpoint.Cross("before provider call", p.Provider, "charge")
		made, err := taker.Charge(ctx, provider.ChargeRequest{
			Key: provider.ChargeKey(p.ID), PaymentID: p.ID, OrderID: p.OrderID,
			Reference: p.Reference, Amount: p.Amount, Method: p.Method,
			ChargeID: p.ChargeID, Attempts: p.Attempts, Time: p.CreateTime, Cancelled: p.OrderCancelled,
		})
		crashpoint.Cross("after provider call", p.Provider, "charge")
		return made.Status, made.ID, made.Code, err
	})
}

// taker is the provider of this name.
func (w *ChargeWorker) taker(name string) (provider.Provider, error) {
	taker, known := w.providers[name]
	if !known {
		return nil, fmt.Errorf("this program has no payment provider %q", name)
	}
	return taker, nil
}

// Refund asks the provider for a refund, once, and has the answer recorded.
func (w *ChargeWorker) Refund(ctx context.Context, order domain.RefundOrder) {
	refund := order.Refund
	ctx, span := w.tracer.Start(continued(ctx, refund.Trace), "refund", trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	answer := w.ask(ctx, span, refund.PaymentID, func(ctx context.Context) (provider.Status, string, string, error) {
		taker, err := w.taker(order.Provider)
		if err != nil {
			return 0, "", "", err
		}
		crashpoint.Cross("before provider call", order.Provider, "refund")
		made, err := taker.Refund(ctx, provider.RefundRequest{
			Key: provider.RefundKey(refund.ID), ChargeID: order.ChargeID, RefundID: refund.ID, PaymentID: refund.PaymentID,
			Amount: refund.Amount, Attempts: refund.Attempts, Time: refund.CreateTime,
		})
		crashpoint.Cross("after provider call", order.Provider, "refund")
		return made.Status, made.ID, made.Code, err
	})
	w.keep(ctx, domain.Answered{PaymentID: refund.PaymentID, RefundID: refund.ID, Answer: answer})
}

// continued is ctx in the trace in which the money was asked for, unless it is in
// one already.
func continued(ctx context.Context, traceparent string) context.Context {
	parent := kittrace.Parse(traceparent)
	if !parent.IsValid() || trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, parent)
}

// ask makes one request in bounded time. Whatever is no clear answer is unknown.
func (w *ChargeWorker) ask(
	ctx context.Context, span trace.Span, payment uuid.UUID, request func(context.Context) (provider.Status, string, string, error),
) domain.Answer {
	answer := domain.Answer{Start: w.deps.Decision().Now, Trace: kittrace.Format(span.SpanContext())}
	ctx, cancel := context.WithTimeout(ctx, w.deps.Terms.ProviderTimeout)
	defer cancel()
	status, id, code, err := request(ctx)
	answer.End = w.deps.Decision().Now
	switch {
	case err != nil:
		answer.Outcome, answer.Detail = domain.Unknown, w.unknown(ctx, payment, err)
		span.SetStatus(codes.Error, answer.Detail)
	case status == provider.Succeeded:
		answer.Outcome, answer.ProviderID = domain.Succeeded, id
	case status == provider.Declined:
		answer.Outcome, answer.Detail = domain.Declined, code
	case status == provider.Pending:
		answer.Outcome, answer.ProviderID, answer.Detail = domain.Pending, id, code
	case status == provider.Opened:
		answer.Outcome, answer.ProviderID = domain.Opened, id
	default:
		answer.Outcome, answer.Detail = domain.Unknown, "the provider answered neither yes nor no"
	}
	return answer
}

// unknown says in few words why there is no answer; the whole cause, which may name
// addresses, goes to the log alone.
func (w *ChargeWorker) unknown(ctx context.Context, payment uuid.UUID, err error) string {
	if errors.Is(err, provider.ErrMismatch) {
		w.parkMismatch(ctx, payment, err)
		return "the provider holds something else"
	}
	if errors.Is(err, provider.ErrKeyReused) {
		w.log.ErrorContext(ctx, "the provider refuses to repeat a request; someone must look into it", "error", err)
		return "the provider refuses to repeat the request"
	}
	w.log.InfoContext(ctx, "no answer from the provider; it will be asked again", "error", err)
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return "the answer was lost"
}

// parkMismatch sets aside, for people, that the provider's charge is not the payment's.
func (w *ChargeWorker) parkMismatch(ctx context.Context, payment uuid.UUID, cause error) {
	parked := Parked{ID: "mismatch-" + payment.String(), Type: "mismatch", PaymentID: payment, Cause: cause.Error()}
	if err := w.park.Put(context.WithoutCancel(ctx), parked); err != nil {
		w.log.WarnContext(ctx, "can't set the mismatch aside yet", "payment", payment, "error", err)
	}
}

// keep records an answer, and says how the payment then stands. When that fails, the
// request is repeated under its key once the lease is over, and the provider answers
// the same.
func (w *ChargeWorker) keep(ctx context.Context, answered domain.Answered) (stands domain.Payment, kept bool) {
	stands, err := w.record.Do(context.WithoutCancel(ctx), answered.PaymentID, answered)
	if err == nil {
		w.unrecorded.Over(ctx)
	} else {
		w.unrecorded.Note(ctx, err, "payment", answered.PaymentID, "refund", answered.RefundID != uuid.Nil)
	}
	return stands, err == nil
}
