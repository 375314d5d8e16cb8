package app

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// outbox stands in for the table.
type outboxState struct {
	n      int64
	oldest time.Time
}

func (o *outboxState) waiting(_ context.Context, most int64) (int64, time.Time, error) {
	return min(o.n, most), o.oldest, nil
}

func many(n int, wait time.Duration) []time.Duration {
	waits := make([]time.Duration, n)
	for i := range waits {
		waits[i] = wait + time.Duration(i)*time.Millisecond
	}
	return waits
}

// New orders are shed while a queue stands before inventory's answers, and only then:
// not for some late answers, and not when one of many is quick. It ends by itself.
func TestOrdersAreShedWhileAnswersAreLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBacklog((&outboxState{}).waiting, time.Now, slog.New(slog.DiscardHandler))
		for name, waits := range map[string][]time.Duration{
			"none":            nil,
			"some, of hours":  many(leastAnswers-1, time.Hour),
			"many, quick":     many(1000, 100*time.Millisecond),
			"many, one quick": append(many(1000, time.Hour), time.Second),
		} {
			b.answered(waits)
			if err := b.check(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			<-time.After(2 * answerWindow)
		}
		b.answered(many(60, time.Minute))
		b.answered(many(60, time.Minute))
		err := b.check(t.Context())
		found, ok := fault.Of(err)
		if !ok || found.Kind() != fault.Exhausted || found.Reason() != domain.ReasonOrdersBacklogged ||
			found.RetryDelay() < 500*time.Millisecond || found.RetryDelay() >= 1500*time.Millisecond {
			t.Fatalf("a queue stands: %v", err)
		}
		if err := b.Condition(t.Context()); err == nil || !strings.Contains(err.Error(), "more orders come than the shop completes") {
			t.Errorf("the condition is %v", err)
		}
		<-time.After(answerWindow) // nothing late any more
		if err := b.check(t.Context()); err != nil {
			t.Errorf("worked off: %v", err)
		}
	})
}

// A broker that is away stops no sale until the bound; nothing is published again
// meanwhile. Both end when the outbox is worked off.
func TestOrdersAreTakenUntilTheOutboxIsFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		state := &outboxState{n: mostWaiting - 1, oldest: time.Now()}
		b := NewBacklog(state.waiting, time.Now, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = b.Run(ctx)
		}()
		synctest.Wait()
		if b.check(ctx) != nil || b.retryPolicy(domain.RetryPolicy{}).Hold {
			t.Error("refused, or held, too early")
		}
		<-time.After(lateEvent + backlogPoll)
		synctest.Wait()
		if b.check(ctx) != nil || !b.retryPolicy(domain.RetryPolicy{}).Hold {
			t.Error("events are old: orders are taken still, and nothing is published again")
		}
		state.n++
		<-time.After(backlogPoll)
		synctest.Wait()
		if err := b.check(ctx); fault.ReasonOf(err) != domain.ReasonOrdersBacklogged {
			t.Errorf("the outbox is full: %v", err)
		}
		state.n = 0
		<-time.After(backlogPoll)
		synctest.Wait()
		if b.check(ctx) != nil || b.retryPolicy(domain.RetryPolicy{}).Hold {
			t.Error("still refused, or held")
		}
		<-time.After(10 * time.Second)
		if err := b.Condition(ctx); err != nil {
			t.Errorf("still there: %v", err)
		}
		cancel()
		<-done
	})
}
