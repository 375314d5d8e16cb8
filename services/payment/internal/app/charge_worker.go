package app

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/shopmesh/shopmesh/kit/batch"
	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

const (
	// maxUnderWay bounds the requests at the provider at one time. It is generous,
	// because a request that waits for a slow answer costs a few kilobytes.
	maxUnderWay = 1024
	// maxWaiting bounds what waits in memory for its turn; what does not fit is
	// found in the database when its lease is over.
	maxWaiting = 16384
	// claimAtOnce bounds what one poll of the database claims.
	claimAtOnce = 256
	// pollEvery is the longest time between two polls of the database for what is due,
	// and pollAfterError the time after one that failed.
	pollEvery      = 250 * time.Millisecond
	pollAfterError = 2 * time.Second
	// grace is how long requests under way may take to end when the process stops.
	grace = 2 * time.Second
)

// ChargeWorker calls the provider, many requests at a time, and has the answers
// recorded. It is handed what this process stored, right after the commit, and claims
// from the database what is due: unknown outcomes, and what a crash interrupted.
type ChargeWorker struct {
	Deps

	record *batch.Collector[domain.Answered, domain.Payment]
	tracer trace.Tracer
	// unrecorded is the condition that answers can't be recorded; keep reports each.
	unrecorded *condition.Condition

	waiting  chan *task    // see maxWaiting
	slots    chan struct{} // see maxUnderWay
	underWay sync.WaitGroup
}

// task is one request to make: the payment's charge or the refund, whichever is set.
type task struct {
	payment *domain.Payment
	refund  *domain.RefundOrder
	// lease is when others may claim it.
	lease time.Time
}

// NewChargeWorker makes a worker; Close ends it after Run.
func NewChargeWorker(deps Deps, tracer trace.TracerProvider) *ChargeWorker {
	w := &ChargeWorker{
		Deps: deps, tracer: tracer.Tracer("github.com/shopmesh/shopmesh/services/payment"),
		unrecorded: condition.New(deps.Log, "can't record what the provider answered; it is requested again"),
		waiting:    make(chan *task, maxWaiting), slots: make(chan struct{}, maxUnderWay),
	}
	w.record = batch.New(batch.Config{Workers: 1, Max: 256, Wait: 3 * time.Millisecond, Rest: 5 * time.Millisecond}, w.recordAnswers)
	return w
}

// Close waits until what was answered is recorded.
func (w *ChargeWorker) Close() { w.record.Close() }

// Take queues what a transaction left to do. It never blocks.
func (w *ChargeWorker) Take(changes domain.Changes) {
	for _, payment := range changes.Charges {
		w.put(&task{payment: &payment, lease: payment.Due})
	}
	for _, order := range changes.Refunds {
		w.put(&task{refund: &order, lease: order.Refund.Due})
	}
}

// put queues a task unless too many wait; then it is claimed when it is due.
func (w *ChargeWorker) put(t *task) {
	select {
	case w.waiting <- t:
	default:
	}
}

// Run works until ctx ends. Requests that are under way then have some time to end;
// after that they are cut off, and recorded as unknown.
func (w *ChargeWorker) Run(ctx context.Context) error {
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var polling sync.WaitGroup
	polling.Go(func() { w.poll(ctx) })
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case t := <-w.waiting:
			w.start(ctx, requests, t)
		}
	}
	polling.Wait()
	stop := time.AfterFunc(grace, cut)
	defer stop.Stop()
	w.underWay.Wait()
	return ctx.Err()
}

// start makes a request beside the others once there is room. A task whose lease
// leaves no time for the request is dropped: others may have claimed it.
func (w *ChargeWorker) start(ctx, requests context.Context, t *task) {
	select {
	case <-ctx.Done():
		return
	case w.slots <- struct{}{}:
	}
	timeout := w.Settings.Now().ProviderTimeout
	if w.Now().Add(timeout).After(t.lease) {
		<-w.slots
		return
	}
	w.underWay.Go(func() {
		defer func() { <-w.slots }()
		if t.refund != nil {
			w.refund(requests, *t.refund, timeout)
			return
		}
		w.charge(requests, *t.payment, timeout)
	})
}

// poll claims what is due, again and again.
func (w *ChargeWorker) poll(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	failing := condition.New(w.Log, "can't claim due payments; it is tried again")
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		more, err := w.claimDue(ctx)
		failing.Notice(ctx, err)
		switch {
		case err != nil:
			timer.Reset(pollAfterError)
		case more:
			timer.Reset(0)
		default:
			timer.Reset(max(10*time.Millisecond, min(pollEvery, w.Settings.Now().RetryAfter)))
		}
	}
}

// claimDue queues what is due as far as there is room, and reports whether there may
// be more.
func (w *ChargeWorker) claimDue(ctx context.Context) (more bool, err error) {
	room := min(claimAtOnce, (maxWaiting-len(w.waiting))/2)
	if room <= 0 {
		return false, nil
	}
	now := w.Now()
	lease := now.Add(w.Settings.Now().Lease())
	s := store.On(w.Pool)
	payments, err := s.ClaimDuePayments(ctx, now, lease, int32(room))
	if err != nil {
		return false, err
	}
	for _, payment := range payments {
		w.put(&task{payment: &payment, lease: lease})
	}
	refunds, err := s.ClaimDueRefunds(ctx, now, lease, int32(room))
	if err != nil {
		return false, err
	}
	for _, order := range refunds {
		w.put(&task{refund: &order, lease: lease})
	}
	return len(payments) == room || len(refunds) == room, nil
}
