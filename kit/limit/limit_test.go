package limit_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/kit/limit"
)

// clock stands still until it is moved.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)} }

func (c *clock) read() time.Time { return c.now }

// model is the rate's definition, taken literally: one more is allowed when no span of
// time that ends now, and begins with one that was allowed, would hold more than
// Quota + span/interval.
type model struct {
	rate    limit.Rate
	allowed []time.Time
}

func (m *model) take(now time.Time) bool {
	interval := (m.rate.Window + time.Duration(m.rate.Quota) - 1) / time.Duration(m.rate.Quota)
	for i, first := range m.allowed {
		if len(m.allowed)-i+1 > m.rate.Quota+int(now.Sub(first)/interval) {
			return false
		}
	}
	m.allowed = append(m.allowed, now)
	return true
}

// The limiter allows exactly what the definition allows, for each key by itself, and what
// it states about the future comes true: a refused key may after Retry and not before, and has
// its whole quota after Reset.
func TestItAllowsWhatTheRateAllows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := limit.Rate{
			Quota:  rapid.IntRange(1, 12).Draw(t, "quota"),
			Window: time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "window")),
		}
		time0 := newClock()
		limiter := limit.New[string](many, time0.read)
		models := map[string]*model{}
		interval := (rate.Window + time.Duration(rate.Quota) - 1) / time.Duration(rate.Quota)
		for range rapid.IntRange(1, 100).Draw(t, "calls") {
			time0.now = time0.now.Add(time.Duration(rapid.Int64Range(0, 2*int64(interval)).Draw(t, "pause")))
			key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
			if models[key] == nil {
				models[key] = &model{rate: rate}
			}
			peeked := limiter.Peek(key, rate)
			got, want := limiter.Take(key, rate), models[key].take(time0.now)
			if got.Allowed != want || peeked.Allowed != want {
				t.Fatalf("%s: allowed %v, peeked %v; want %v", key, got.Allowed, peeked.Allowed, want)
			}
			if (got.Retry == 0) != got.Allowed || got.Allowed && got.Remaining != peeked.Remaining-1 || !got.Allowed && got.Remaining != 0 {
				t.Fatalf("%s: %+v after %+v", key, got, peeked)
			}
			checkFuture(t, limiter, time0, key, rate, got)
		}
	})
}

// checkFuture moves the clock ahead, looks, and moves it back.
func checkFuture(t *rapid.T, limiter *limit.Limiter[string], c *clock, key string, rate limit.Rate, got limit.State) {
	now := c.now
	defer func() { c.now = now }()
	c.now = now.Add(got.Reset)
	if s := limiter.Peek(key, rate); s.Remaining != rate.Quota || s.Reset != 0 {
		t.Fatalf("%s after Reset: %+v", key, s)
	}
	if got.Allowed {
		return
	}
	c.now = now.Add(got.Retry)
	if s := limiter.Peek(key, rate); !s.Allowed || s.Remaining != 1 {
		t.Fatalf("%s after Retry: %+v", key, s)
	}
	c.now = now.Add(got.Retry - 1)
	if limiter.Peek(key, rate).Allowed {
		t.Fatalf("%s is allowed before Retry", key)
	}
}

// many is room for so many keys that no shard of a test's few is ever full, wherever
// the limiter's random seed puts them.
const many = 10_000

// Ten a minute: ten at once, the eleventh after six seconds.
func TestTenAMinute(t *testing.T) {
	t.Parallel()
	c := newClock()
	limiter, rate := limit.New[string](many, c.read), limit.Rate{Quota: 10, Window: time.Minute}
	for i := range 10 {
		if s := limiter.Take("k", rate); !s.Allowed || s.Remaining != 9-i {
			t.Fatalf("take %d: %+v", i+1, s)
		}
	}
	if s := limiter.Take("k", rate); s != (limit.State{Retry: 6 * time.Second, Reset: time.Minute}) {
		t.Fatalf("the eleventh: %+v", s)
	}
	if s := limiter.Take("another", rate); !s.Allowed {
		t.Fatalf("another key: %+v", s)
	}
	c.now = c.now.Add(6 * time.Second)
	if s := limiter.Take("k", rate); !s.Allowed || s.Remaining != 0 {
		t.Fatalf("after six seconds: %+v", s)
	}
}

// A rate that is lowered or raised while keys owe something holds from the next call on.
func TestARateThatChanges(t *testing.T) {
	t.Parallel()
	c := newClock()
	limiter, slow, fast := limit.New[string](many, c.read), limit.Rate{Quota: 3, Window: time.Hour}, limit.Rate{Quota: 60, Window: time.Minute}
	for range 3 {
		limiter.Take("k", slow)
	}
	if s := limiter.Take("k", fast); s.Allowed || s.Retry != time.Second {
		t.Fatalf("at the raised rate: %+v", s)
	}
	c.now = c.now.Add(time.Second)
	if s := limiter.Take("k", limit.Rate{}); s != (limit.State{Allowed: true}) {
		t.Fatalf("without a rate: %+v", s)
	}
}

// More keys than there is room for: the limiter stays within its bound, and forgets those
// that owe least, never the sign-ins of somebody who guesses passwords. Keys that owe the
// same are not forgotten together: the clock stands still, so all of the flood do.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const most = 6400
	c := newClock()
	limiter := limit.New[string](most, c.read)
	signIn, reads := limit.Rate{Quota: 10, Window: time.Minute}, limit.Rate{Quota: 6000, Window: time.Minute}
	for range 10 {
		limiter.Take("guesses", signIn)
	}
	for i := range 10 * most {
		if s := limiter.Take(fmt.Sprint(i), reads); !s.Allowed {
			t.Fatalf("key %d: %+v", i, s)
		}
		if i%1000 == 0 && limiter.Len() > most {
			t.Fatalf("%d keys are kept", limiter.Len())
		}
	}
	if n := limiter.Len(); n > most || n < most*7/8 { // a full shard forgets an eighth
		t.Errorf("%d keys are kept, of at most %d", n, most)
	}
	if s := limiter.Take("guesses", signIn); s.Allowed {
		t.Errorf("who guesses got back their quota: %+v", s)
	}
	c.now = c.now.Add(time.Hour)
	for i := range most {
		limiter.Take(fmt.Sprint("later", i), reads)
	}
	if s := limiter.Peek("guesses", signIn); s.Remaining != 10 {
		t.Errorf("an hour later: %+v", s)
	}
}

// Many at once get exactly the quota between them.
func TestManyAtOnceGetTheQuota(t *testing.T) {
	t.Parallel()
	c := newClock()
	limiter, rate := limit.New[string](many, c.read), limit.Rate{Quota: 500, Window: time.Minute}
	var allowed atomic.Int64
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 200 {
				if limiter.Take("k", rate).Allowed {
					allowed.Add(1)
				}
			}
		})
	}
	callers.Wait()
	if allowed.Load() != 500 {
		t.Errorf("%d were allowed, of a quota of 500", allowed.Load())
	}
}

func TestRatesAreWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]limit.Rate{
		"6000/min": {Quota: 6000, Window: time.Minute}, "20/h": {Quota: 20, Window: time.Hour}, "1/s": {Quota: 1, Window: time.Second}, "off": {},
	} {
		got, err := limit.ParseRate(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"", "6000", "0/min", "-1/min", "10000001/min", "6000/minute", "6000/", "1.5/s", "on", "1/s/s"} {
		if got, err := limit.ParseRate(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

// BenchmarkTake is what a limit costs a call: one key of one client, and many keys from all
// processors, with the keys that are too many forgotten.
func BenchmarkTake(b *testing.B) {
	rate := limit.Rate{Quota: 1 << 20, Window: time.Second}
	b.Run("one key", func(b *testing.B) {
		limiter := limit.New[uint64](100_000, time.Now)
		for range b.N {
			limiter.Take(1, rate)
		}
	})
	b.Run("many keys", func(b *testing.B) {
		limiter := limit.New[uint64](100_000, time.Now)
		slow := limit.Rate{Quota: 10, Window: time.Hour}
		var next atomic.Uint64
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				limiter.Take(next.Add(1), slow)
			}
		})
	})
}
