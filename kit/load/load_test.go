package load

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// serving returns a call whose handler works for a while.
func serving(l *Limiter, work time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		defer l.End()
		if err := l.Begin(ctx); err != nil {
			return err
		}
		if err := l.Enter(ctx); err != nil {
			return err
		}
		defer l.Leave()
		if work > 0 {
			<-time.After(work)
		}
		return nil
	}
}

func shed(err error) bool { return fault.ReasonOf(err) == fault.ReasonTooManyCalls }

// Five times as many calls as can be served, for ten seconds: those that are taken
// never wait longer than a burst may, work goes on at full capacity, what is shed
// hears so within the wait that a standing queue allows, and when the load falls
// nothing is shed any more.
func TestOverloadLeavesLatencyAndThroughput(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		const work = 10 * time.Millisecond
		limits := Limits{Calls: 1000, InWork: 10, Burst: 100 * time.Millisecond, Standing: 20 * time.Millisecond}
		l := New(limits, slog.New(slog.NewTextHandler(&log, nil))) // 10 at a time, 10 ms each: 1000 a second
		call := serving(l, work)
		var mu sync.Mutex
		var served, refused int
		var slowest, slowestLater, slowestRefusal time.Duration
		var calls sync.WaitGroup
		load := func(every, lasting time.Duration) (ok, no int) {
			mu.Lock()
			served, refused = 0, 0
			mu.Unlock()
			begin := time.Now()
			for time.Since(begin) < lasting {
				calls.Go(func() {
					start := time.Now()
					err := call(t.Context())
					took := time.Since(start)
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						served++
						slowest = max(slowest, took)
						if start.Sub(begin) > 2*limits.Burst {
							slowestLater = max(slowestLater, took)
						}
					case shed(err):
						refused++
						slowestRefusal = max(slowestRefusal, took)
						if found, _ := fault.Of(err); found.RetryDelay() < 500*time.Millisecond || found.RetryDelay() >= 1500*time.Millisecond {
							t.Errorf("told to wait %v", found.RetryDelay())
						}
					default:
						t.Errorf("answered %v", err)
					}
				})
				<-time.After(every)
			}
			calls.Wait()
			return served, refused
		}

		ok, no := load(200*time.Microsecond, 10*time.Second)
		if ok < 9_900 || ok+no < 49_000 {
			t.Errorf("%d served, %d refused: the capacity is 1000 a second", ok, no)
		}
		if slowest > limits.Burst+work || slowestLater > limits.Standing+work || slowestRefusal > limits.Burst {
			t.Errorf("the slowest took %v, later %v, a refusal %v", slowest, slowestLater, slowestRefusal)
		}
		if l.Condition(t.Context()) == nil {
			t.Error("nothing tells of it")
		}
		if ok, no = load(2*time.Millisecond, 10*time.Second); no > 0 {
			t.Errorf("at half the capacity %d were served, %d refused", ok, no)
		}
		if err := l.Condition(t.Context()); err != nil {
			t.Errorf("still told: %v", err)
		}
		if l.busy.Load() != 0 || l.calls.Load() != 0 || l.waiting.Load() != 0 {
			t.Errorf("left behind: %d in work, %d calls, %d waiting", l.busy.Load(), l.calls.Load(), l.waiting.Load())
		}
		if n := strings.Count(log.String(), "\n"); n != 2 {
			t.Errorf("the log has %d lines:\n%s", n, log.String())
		}
	})
}

// A short burst is served whole: it waits, and nobody is sent away.
func TestABurstWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(Limits{Calls: 1000, InWork: 10, Burst: 100 * time.Millisecond, Standing: 20 * time.Millisecond}, slog.New(slog.DiscardHandler))
		call := serving(l, 10*time.Millisecond)
		var calls sync.WaitGroup
		for range 100 {
			calls.Go(func() {
				if err := call(t.Context()); err != nil {
					t.Errorf("answered %v", err)
				}
			})
		}
		calls.Wait()
	})
}

// What waits takes memory: beyond the bound a call is refused at once. A client that
// sends slowly holds a place among these, and none in work.
func TestCallsThatWaitAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(Limits{Calls: 3, InWork: 1, Burst: time.Hour, Standing: time.Hour}, slog.New(slog.DiscardHandler))
		for range 2 { // slow clients
			if err := l.Begin(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := serving(l, time.Second)(t.Context()); err != nil {
			t.Errorf("beside slow clients: %v", err)
		}
		var calls sync.WaitGroup
		calls.Go(func() { _ = serving(l, time.Second)(t.Context()) })
		synctest.Wait()
		start := time.Now()
		if err := serving(l, time.Second)(t.Context()); !shed(err) || time.Since(start) > 0 {
			t.Errorf("the fourth: %v after %v", err, time.Since(start))
		}
		calls.Wait()
	})
}

// Somebody who leaves the queue gives nobody's place away.
func TestACallThatLeavesTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(Limits{Calls: 10, InWork: 1, Burst: time.Hour, Standing: time.Hour}, slog.New(slog.DiscardHandler))
		call := serving(l, time.Second)
		var calls sync.WaitGroup
		calls.Go(func() { _ = call(t.Context()) })
		synctest.Wait()
		ctx, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("left with %v", err)
		}
		if err := call(t.Context()); err != nil {
			t.Errorf("the next: %v", err)
		}
		calls.Wait()
		if l.busy.Load() != 0 || l.waiting.Load() != 0 {
			t.Errorf("left behind: %d in work, %d waiting", l.busy.Load(), l.waiting.Load())
		}
	})
}

// Real threads, places that change hands all the time: never more in work than may
// be, and nobody is forgotten.
func TestPlacesAreNeverLostOrDoubled(t *testing.T) {
	t.Parallel()
	const inWork = 3
	l := New(Limits{Calls: 1000, InWork: inWork, Burst: time.Hour, Standing: time.Hour}, slog.New(slog.DiscardHandler))
	var now, most atomic.Int64
	call := func(ctx context.Context) error {
		if err := l.Enter(ctx); err != nil {
			return err
		}
		defer l.Leave()
		n := now.Add(1)
		for {
			seen := most.Load()
			if n <= seen || most.CompareAndSwap(seen, n) {
				break
			}
		}
		now.Add(-1)
		return nil
	}
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() {
			for range 2000 {
				if err := call(t.Context()); err != nil {
					t.Errorf("answered %v", err)
					return
				}
			}
		})
	}
	callers.Wait()
	if most.Load() > inWork || l.busy.Load() != 0 || l.waiting.Load() != 0 {
		t.Errorf("%d at once; left behind: %d in work, %d waiting", most.Load(), l.busy.Load(), l.waiting.Load())
	}
}

func BenchmarkLimiter(b *testing.B) {
	call := serving(New(DefaultLimits(), slog.New(slog.DiscardHandler)), 0)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		_ = call(ctx)
	}
}
