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

// serving returns a call of a client whose handler works for a while.
func serving(c *Connection, work time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		call, err := c.Begin(ctx)
		if err != nil {
			return err
		}
		defer call.End()
		if err := call.Work(ctx); err != nil {
			return err
		}
		if work > 0 {
			<-time.After(work)
		}
		call.Reply()
		return nil
	}
}

// of is a bound that one client may exhaust.
func of(n int) Bound { return Bound{n, n, n} }

// few are limits with so many in work, of which one client may have all.
func few(calls, work int, burst, standing time.Duration) Limits {
	return Limits{
		Receiving: of(calls), Waiting: of(calls), InWork: of(work), Writing: of(calls), Unsent: of(1 << 20),
		Burst: burst, Standing: standing,
	}
}

// left is what is counted when all calls are over: nothing.
func left(t *testing.T, l *Limiter) {
	t.Helper()
	for s := range stages {
		if n := l.counts[s].Load(); n != 0 {
			t.Errorf("left behind: %d at stage %d", n, s)
		}
	}
	for name, a := range l.addresses {
		for s := range stages {
			if n := a.counts[s].Load(); n != 0 {
				t.Errorf("left behind: %d of %s at stage %d", n, name, s)
			}
		}
		if len(a.queue) != 0 {
			t.Errorf("%d of %s wait", len(a.queue), name)
		}
	}
	if len(l.waiting) != 0 {
		t.Errorf("%d addresses wait", len(l.waiting))
	}
}

const client = "192.0.2.1"

func shed(err error) bool { return fault.ReasonOf(err) == fault.ReasonTooManyCalls }

// Five times as many calls arrive as can be served, for ten seconds. Those that are taken
// never wait longer than a burst may, the capacity is fully used, and those that are shed
// are refused within the wait of a standing queue. When the load falls, no call is shed
// any more.
func TestOverloadLeavesLatencyAndThroughput(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		const work = 10 * time.Millisecond
		limits := few(1000, 10, 100*time.Millisecond, 20*time.Millisecond)
		l := New(limits, slog.New(slog.NewTextHandler(&log, nil))) // 10 at a time, 10 ms each: 1000 a second
		call := serving(l.Connect(client), work)
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
							t.Errorf("a delay of %v", found.RetryDelay())
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
			t.Error("nothing shows it")
		}
		if ok, no = load(2*time.Millisecond, 10*time.Second); no > 0 {
			t.Errorf("at half the capacity %d were served, %d refused", ok, no)
		}
		if err := l.Condition(t.Context()); err != nil {
			t.Errorf("still shown: %v", err)
		}
		left(t, l)
		if n := strings.Count(log.String(), "\n"); n != 2 {
			t.Errorf("the log has %d lines:\n%s", n, log.String())
		}
	})
}

// A short burst is served whole: it waits, and nobody is sent away.
func TestABurstWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(few(1000, 10, 100*time.Millisecond, 20*time.Millisecond), slog.New(slog.DiscardHandler))
		call := serving(l.Connect(client), 10*time.Millisecond)
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

// What arrives and what waits takes memory: beyond the bound a call is refused at once.
// A client that sends slowly takes nothing of what is in work.
func TestCallsThatWaitAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(few(3, 1, time.Hour, time.Hour), slog.New(slog.DiscardHandler))
		c := l.Connect(client)
		var slow []*Call
		for range 2 {
			call, err := c.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			slow = append(slow, call)
		}
		if err := serving(c, time.Second)(t.Context()); err != nil {
			t.Errorf("beside slow clients: %v", err)
		}
		var calls sync.WaitGroup
		for range 4 { // one in work, three wait
			calls.Go(func() { _ = serving(c, time.Second)(t.Context()) })
			synctest.Wait()
		}
		start := time.Now()
		if err := serving(c, time.Second)(t.Context()); !shed(err) || time.Since(start) > 0 {
			t.Errorf("the fifth: %v after %v", err, time.Since(start))
		}
		calls.Wait()
		for _, call := range slow {
			call.End()
		}
		left(t, l)
	})
}

// Somebody who leaves the queue gives nobody's place away.
func TestACallThatLeavesTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(few(10, 1, time.Hour, time.Hour), slog.New(slog.DiscardHandler))
		call := serving(l.Connect(client), time.Second)
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
		left(t, l)
	})
}

// Real threads, places that change hands all the time: never more in work than may
// be, and nobody is forgotten.
func TestPlacesAreNeverLostOrDoubled(t *testing.T) {
	t.Parallel()
	const places = 3
	l := New(few(1000, places, time.Hour, time.Hour), slog.New(slog.DiscardHandler))
	var now, most atomic.Int64
	conns := []*Connection{l.Connect(client), l.Connect(client), l.Connect("192.0.2.2")}
	work := func(c *Connection) error {
		call, err := c.Begin(t.Context())
		if err != nil {
			return err
		}
		defer call.End()
		if err := call.Work(t.Context()); err != nil {
			return err
		}
		n := now.Add(1)
		for {
			seen := most.Load()
			if n <= seen || most.CompareAndSwap(seen, n) {
				break
			}
		}
		now.Add(-1)
		call.Reply()
		return nil
	}
	var callers sync.WaitGroup
	for i := range 50 {
		callers.Go(func() {
			for range 2000 {
				if err := work(conns[i%3]); err != nil {
					t.Errorf("answered %v", err)
					return
				}
			}
		})
	}
	callers.Wait()
	if most.Load() > places {
		t.Errorf("%d at once", most.Load())
	}
	left(t, l)
}

func BenchmarkLimiter(b *testing.B) {
	call := serving(New(DefaultLimits(), slog.New(slog.DiscardHandler)).Connect(client), 0)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		_ = call(ctx)
	}
}
