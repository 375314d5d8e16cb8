package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

const (
	// longestAnswer is how long inventory's answer may take, from the order's placing
	// to its arrival at order, before new orders are shed: that way is machines only,
	// and takes a fraction of a second when all goes well.
	longestAnswer = 5 * time.Second
	// answerWindow is the time whose quickest answer counts, and leastAnswers how many
	// there must be in it: some late answers are no queue, and a queue has many.
	answerWindow = time.Second
	leastAnswers = 100
	// mostWaiting is how many events may wait in the outbox. A broker that is away
	// stops no sale: orders wait durably, some 3 kB each in the outbox. Beyond this
	// bound the shop takes no more than it can work off in about a minute.
	mostWaiting = 50_000
	// lateEvent is how old the outbox's first event is when nothing is published again:
	// what was published is still here itself.
	lateEvent = 10 * time.Second
	// backlogPoll is how often the outbox is counted.
	backlogPoll = time.Second
)

// Backlog keeps the shop from accepting more orders than it completes. Accepting one
// is a fraction of the work that it means, so without this the queue between the two
// would grow as long as the load lasts, and every order in it would be late.
//
// It sheds new orders while even the quickest of the answers from inventory that come
// in is late, which means that a queue stands; or while the outbox holds as many events
// as it may. Both end by themselves when the queue is worked off. A nil Backlog sheds nothing.
type Backlog struct {
	waiting   func(ctx context.Context, most int64) (int64, time.Time, error)
	now       func() time.Time
	condition *condition.Condition

	// lateUntil is when shedding for late answers ends unless more of them come, in
	// Unix nanoseconds; full means that the outbox is; held that nothing leaves it.
	lateUntil  atomic.Int64
	full, held atomic.Bool

	mu       sync.Mutex // guards the window
	begin    time.Time
	answers  int
	quickest time.Duration
}

// NewBacklog makes a Backlog that learns from waiting how many events are in the
// outbox, counted up to most, and when the first was written.
func NewBacklog(waiting func(ctx context.Context, most int64) (int64, time.Time, error), now func() time.Time, log *slog.Logger) *Backlog {
	return &Backlog{waiting: waiting, now: now, condition: condition.New(log, "new orders are shed")}
}

// Run polls the outbox until ctx ends.
func (b *Backlog) Run(ctx context.Context) error {
	ticker := time.NewTicker(backlogPoll)
	defer ticker.Stop()
	for {
		b.poll(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (b *Backlog) poll(ctx context.Context) {
	n, oldest, err := b.waiting(ctx, mostWaiting)
	if err != nil {
		return // the database is away: nothing is accepted anyway, and others report it
	}
	b.full.Store(n >= mostWaiting)
	b.held.Store(n > 0 && b.now().Sub(oldest) > lateEvent)
	b.condition.OverAfter(ctx, 5*time.Second)
}

// answered notes how long inventory's answers took that ended orders' waiting.
func (b *Backlog) answered(waits []time.Duration) {
	if b == nil || len(waits) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if now.Sub(b.begin) > answerWindow {
		b.begin, b.answers, b.quickest = now, 0, waits[0]
	}
	b.answers += len(waits)
	for _, wait := range waits {
		b.quickest = min(b.quickest, wait)
	}
	switch {
	case b.quickest <= longestAnswer:
		b.lateUntil.Store(0)
	case b.answers >= leastAnswers:
		b.lateUntil.Store(now.Add(answerWindow).UnixNano())
	}
}

// check refuses a new order while the backlog is too long.
func (b *Backlog) check(ctx context.Context) error {
	if b == nil {
		return nil
	}
	var cause error
	switch {
	case b.full.Load():
		cause = fmt.Errorf("%d events wait to leave, which is the bound: see why the broker does not take them", mostWaiting)
	case b.lateUntil.Load() > 0 && b.now().UnixNano() < b.lateUntil.Load():
		cause = fmt.Errorf("inventory's answers to orders take more than %v: more orders come than the shop completes", longestAnswer)
	default:
		return nil
	}
	b.condition.Note(ctx, cause)
	return domain.ErrBacklogged().RetryAbout(time.Second)
}

// Condition is why new orders are shed; nil when none is.
func (b *Backlog) Condition(context.Context) error { return b.condition.Err(0) }

// retryPolicy is the policy for overdue steps: none is published again while what was published
// before is still in the outbox, or a broker's outage would fill it with repetitions.
func (b *Backlog) retryPolicy(policy domain.RetryPolicy) domain.RetryPolicy {
	policy.Hold = b != nil && b.held.Load()
	return policy
}
