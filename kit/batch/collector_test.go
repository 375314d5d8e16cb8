package batch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/batch"
)

func double(_ context.Context, in []int) []batch.Result[int] {
	out := make([]batch.Result[int], len(in))
	for i, n := range in {
		out[i].Value = 2 * n
		if n < 0 {
			out[i].Err = fmt.Errorf("%d is negative", n)
		}
	}
	return out
}

// pass lets the test's virtual time pass; see testing/synctest.
func pass(d time.Duration) { <-time.After(d) }

// Calls that come while a batch runs share the next one, at most Max, and each gets
// its own outcome.
func TestWaitingCallsShareABatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var sizes []int
		c := batch.New(batch.Config{Workers: 1, Max: 4}, func(ctx context.Context, in []int) []batch.Result[int] {
			mu.Lock()
			sizes = append(sizes, len(in))
			mu.Unlock()
			pass(time.Second) // the batch takes its time
			return double(ctx, in)
		})
		var calls sync.WaitGroup
		for n := range 10 {
			calls.Go(func() {
				if n > 0 {
					pass(time.Millisecond) // after the first was taken
				}
				if got, err := c.Do(t.Context(), uuid.New(), n); err != nil || got != 2*n {
					t.Errorf("Do(%d) = %d, %v", n, got, err)
				}
			})
		}
		calls.Wait()
		if want := []int{1, 4, 4, 1}; !slices.Equal(sizes, want) {
			t.Errorf("batches of %v, want %v", sizes, want)
		}
		if _, err := c.Do(t.Context(), uuid.New(), -1); err == nil || err.Error() != "-1 is negative" {
			t.Errorf("got %v", err)
		}
		c.Close()
	})
}

// With Wait, a lone call waits for company, and not longer.
func TestWaitGathersCompany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		batches := 0
		c := batch.New(batch.Config{Workers: 1, Wait: time.Millisecond}, func(ctx context.Context, in []int) []batch.Result[int] {
			batches++
			return double(ctx, in)
		})
		begin := time.Now()
		var calls sync.WaitGroup
		for n := range 3 {
			calls.Go(func() {
				pass(time.Duration(n) * 300 * time.Microsecond)
				if _, err := c.Do(t.Context(), uuid.New(), n); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		if took := time.Since(begin); batches != 1 || took != time.Millisecond {
			t.Errorf("%d batches in %v, want one after a millisecond", batches, took)
		}
		c.Close()
	})
}

// With Rest, what comes while a batch runs and as long again shares the next one; a
// call that finds a rested worker is served at once.
func TestRestGathersCompany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		c := batch.New(batch.Config{Workers: 1, Rest: 5 * time.Millisecond}, func(ctx context.Context, in []int) []batch.Result[int] {
			sizes = append(sizes, len(in))
			pass(2 * time.Millisecond)
			return double(ctx, in)
		})
		do := func(after, took time.Duration) {
			pass(after)
			begin := time.Now()
			if _, err := c.Do(t.Context(), uuid.New(), 1); err != nil || time.Since(begin) != took {
				t.Errorf("%v after %v, want after %v", err, time.Since(begin), took)
			}
		}
		var calls sync.WaitGroup
		calls.Go(func() { do(0, 2*time.Millisecond) })
		calls.Go(func() { do(1*time.Millisecond, 5*time.Millisecond) }) // batch until 2, rest until 4, batch until 6
		calls.Go(func() { do(3*time.Millisecond, 3*time.Millisecond) })
		calls.Wait()
		do(10*time.Millisecond, 2*time.Millisecond)
		c.Close()
		if !slices.Equal(sizes, []int{1, 2, 1}) {
			t.Errorf("batches of %v", sizes)
		}
	})
}

// Two calls of one key are served one after the other, in order; a batch is sorted
// by key.
func TestOneKeyIsInABatchOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type call struct {
			key uuid.UUID
			n   int
		}
		var served [][]call
		c := batch.New(batch.Config{Workers: 1, Wait: time.Millisecond}, func(_ context.Context, in []call) []batch.Result[int] {
			served = append(served, slices.Clone(in))
			return make([]batch.Result[int], len(in))
		})
		low, high := uuid.UUID{1}, uuid.UUID{2}
		var calls sync.WaitGroup
		for i, key := range []uuid.UUID{high, high, low} {
			calls.Go(func() {
				pass(time.Duration(i) * time.Microsecond)
				if _, err := c.Do(t.Context(), key, call{key, i}); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		c.Close()
		want := [][]call{{{low, 2}, {high, 0}}, {{high, 1}}}
		if !slices.EqualFunc(served, want, slices.Equal) {
			t.Errorf("served %v, want %v", served, want)
		}
	})
}

// A caller that leaves while it waits is not served; one that leaves later is, and
// the work does not see its cancellation.
func TestCallersMayLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var served []int
		c := batch.New(batch.Config{Workers: 1, Timeout: time.Minute}, func(ctx context.Context, in []int) []batch.Result[int] {
			pass(time.Second)
			if ctx.Err() != nil {
				t.Error("the work was cancelled with its caller")
			}
			served = append(served, in...)
			return double(ctx, in)
		})
		leave := func(n int) error {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := c.Do(ctx, uuid.New(), n)
			return err
		}
		var calls sync.WaitGroup
		for n := range 2 {
			calls.Go(func() {
				pass(time.Duration(n) * time.Millisecond)
				if err := leave(n); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("caller %d got %v", n, err)
				}
			})
		}
		calls.Wait()
		c.Close()
		if !slices.Equal(served, []int{0}) {
			t.Errorf("served %v, want the one that was taken", served)
		}
	})
}

// A panic fails the batch's calls and nothing else; Close serves who waits and
// refuses who comes.
func TestPanicAndClose(t *testing.T) {
	t.Parallel()
	c := batch.New(batch.Config{}, func(ctx context.Context, in []int) []batch.Result[int] {
		if slices.Contains(in, 13) {
			panic("unlucky")
		}
		if slices.Contains(in, 14) {
			return nil
		}
		return double(ctx, in)
	})
	for _, n := range []int{13, 14} {
		if _, err := c.Do(t.Context(), uuid.New(), n); err == nil {
			t.Errorf("Do(%d) succeeded", n)
		}
	}
	if got, err := c.Do(t.Context(), uuid.New(), 4); err != nil || got != 8 {
		t.Errorf("after a panic: %d, %v", got, err)
	}
	c.Close()
	if _, err := c.Do(t.Context(), uuid.New(), 1); !errors.Is(err, batch.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// What waits is bounded: a call that finds as many waiting as may is refused at once,
// and those that wait are served.
func TestTheQueueIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := batch.New(batch.Config{Workers: 1, Max: 2, Queue: 3}, func(ctx context.Context, in []int) []batch.Result[int] {
			pass(time.Second)
			return double(ctx, in)
		})
		defer c.Close()
		var calls sync.WaitGroup
		do := func(n int) {
			calls.Go(func() {
				if got, err := c.Do(t.Context(), uuid.New(), n); err != nil || got != 2*n {
					t.Errorf("Do(%d) = %d, %v", n, got, err)
				}
			})
		}
		do(1)
		synctest.Wait() // it is in work
		do(2)
		do(3)
		do(4)
		synctest.Wait()
		if _, err := c.Do(t.Context(), uuid.New(), 5); !errors.Is(err, batch.ErrFull) {
			t.Errorf("the fourth that waits: %v", err)
		}
		calls.Wait()
	})
}
