// Package batch collects calls that come at the same time, and runs them as one batch. A
// transaction that serves twenty callers costs little more than one that serves one.
package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// ErrClosed answers calls that come after Close.
var ErrClosed = errors.New("batch: the collector is closed")

// ErrFull answers calls that come while as many wait as may.
var ErrFull = errors.New("batch: too many calls wait")

// Config bounds the batches.
type Config struct {
	// Workers run batches side by side; a key always goes to the same one. 0 means 2.
	Workers int
	// Max bounds the calls of one batch. 0 means 256.
	Max int
	// Wait is how long a call waits for others to join its batch. 0 takes what waits when
	// the worker is free, which makes large batches by itself as soon as there is load.
	Wait time.Duration
	// Rest bounds how long a worker pauses after a batch. It pauses as long as the batch
	// took, so that more calls share the next one when batches take long, as under load. A
	// call that comes alone meets no pause.
	Rest time.Duration
	// Queue bounds the calls that wait for each worker. 0 means 16 batches: a call behind
	// more than that would be answered too late.
	Queue int
	// Timeout bounds a batch's run. 0 means 30 s.
	Timeout time.Duration
}

// Result is one call's outcome.
type Result[Out any] struct {
	Value Out
	Err   error
}

// Run serves a batch, in order of the calls' keys, no key twice. It returns one
// result per call, in the same order. Its context ends with the batch's time, not
// with any caller's, and carries no caller's values.
type Run[In, Out any] func(ctx context.Context, in []In) []Result[Out]

// Collector gathers calls. Close must be called to end its workers.
type Collector[In, Out any] struct {
	cfg     Config
	run     Run[In, Out]
	seed    maphash.Seed
	workers []*worker[In, Out]
	running sync.WaitGroup
}

type call[In, Out any] struct {
	key  uuid.UUID
	in   In
	done chan Result[Out] // size 1: the worker never waits for a caller that left
}

// worker is one queue and the goroutine that serves it.
type worker[In, Out any] struct {
	mu     sync.Mutex
	queue  []*call[In, Out]
	closed bool
	// enough calls wake the worker: one when it has nothing to do, a whole batch while
	// it lets others join.
	enough int
	wake   chan struct{} // size 1: a wake-up that waits stands for all
}

// New starts the workers.
func New[In, Out any](cfg Config, run func(ctx context.Context, in []In) []Result[Out]) *Collector[In, Out] {
	if cfg.Workers == 0 {
		cfg.Workers = 2
	}
	if cfg.Max == 0 {
		cfg.Max = 256
	}
	if cfg.Queue == 0 {
		cfg.Queue = 16 * cfg.Max
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	c := &Collector[In, Out]{cfg: cfg, run: run, seed: maphash.MakeSeed()}
	for range cfg.Workers {
		w := &worker[In, Out]{wake: make(chan struct{}, 1)}
		c.workers = append(c.workers, w)
		c.running.Go(func() { c.serve(w) })
	}
	return c
}

// Do serves in as one of the calls of a batch and returns its result. Two calls of one
// key are never in the same batch: the later one waits for the next. When ctx ends before
// a batch took the call, the call is withdrawn; when it ends after that, Do returns at
// once and the work continues, with an outcome that the caller does not learn. Errors of
// its own: ErrClosed, ErrFull.
func (c *Collector[In, Out]) Do(ctx context.Context, key uuid.UUID, in In) (Out, error) {
	var zero Out
	if err := ctx.Err(); err != nil {
		return zero, err
	}
	w := c.workers[maphash.Bytes(c.seed, key[:])%uint64(len(c.workers))]
	mine := &call[In, Out]{key: key, in: in, done: make(chan Result[Out], 1)}
	if err := w.add(mine, c.cfg.Queue); err != nil {
		return zero, err
	}
	select {
	case res := <-mine.done:
		return res.Value, res.Err
	case <-ctx.Done():
		w.withdraw(mine)
		return zero, ctx.Err()
	}
}

// Close serves the calls that wait, refuses others, and returns when all is done.
func (c *Collector[In, Out]) Close() {
	for _, w := range c.workers {
		w.close()
	}
	c.running.Wait()
}

func (w *worker[In, Out]) add(mine *call[In, Out], most int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
		return ErrClosed
	case len(w.queue) >= most:
		return ErrFull
	}
	w.queue = append(w.queue, mine)
	if len(w.queue) >= w.enough {
		w.signal()
	}
	return nil
}

func (w *worker[In, Out]) withdraw(mine *call[In, Out]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.queue, mine); i >= 0 {
		w.queue = slices.Delete(w.queue, i, i+1)
	}
}

func (w *worker[In, Out]) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.signal()
}

func (w *worker[In, Out]) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// state returns how many calls wait, and whether more can come. From now on, the worker
// is woken when enough wait.
func (w *worker[In, Out]) state(enough int) (waiting int, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.enough = enough
	return len(w.queue), w.closed
}

// take removes at most limit calls, the longest waiting first, each key once.
func (w *worker[In, Out]) take(limit int) []*call[In, Out] {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := make([]*call[In, Out], 0, min(limit, len(w.queue)))
	later := make([]*call[In, Out], 0)
	keys := make(map[uuid.UUID]bool, cap(taken))
	for _, next := range w.queue {
		if len(taken) == limit || keys[next.key] {
			later = append(later, next)
			continue
		}
		keys[next.key] = true
		taken = append(taken, next)
	}
	w.queue = later
	return taken
}

func (c *Collector[In, Out]) serve(w *worker[In, Out]) {
	for {
		waiting, closed := w.state(1)
		if waiting == 0 {
			if closed {
				return
			}
			<-w.wake
			continue
		}
		if c.cfg.Wait > 0 {
			c.gather(w, c.cfg.Wait)
		}
		// Everyone who waits may have left meanwhile.
		if calls := w.take(c.cfg.Max); len(calls) > 0 {
			began := time.Now()
			c.serveBatch(calls)
			if c.cfg.Rest > 0 {
				c.gather(w, min(time.Since(began), c.cfg.Rest))
			}
		}
	}
}

// gather gives others some time to join, unless a whole batch waits or no more come.
func (c *Collector[In, Out]) gather(w *worker[In, Out], d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		if waiting, closed := w.state(c.cfg.Max); waiting >= c.cfg.Max || closed {
			return
		}
		select {
		case <-t.C:
			return
		case <-w.wake:
		}
	}
}

func (c *Collector[In, Out]) serveBatch(calls []*call[In, Out]) {
	slices.SortFunc(calls, func(a, b *call[In, Out]) int { return bytes.Compare(a.key[:], b.key[:]) })
	in := make([]In, len(calls))
	for i, next := range calls {
		in[i] = next.in
	}
	results, err := c.guard(in)
	for i, next := range calls {
		if err != nil {
			next.done <- Result[Out]{Err: err}
			continue
		}
		next.done <- results[i]
	}
}

// guard runs a batch; a panic or a wrong number of results fails its calls, and
// leaves the worker alive.
func (c *Collector[In, Out]) guard(in []In) (results []Result[Out], err error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.cfg.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("batch: panic: %v\n%s", p, debug.Stack())
		}
	}()
	results = c.run(ctx, in)
	if len(results) != len(in) {
		return nil, fmt.Errorf("batch: %d results for %d calls", len(results), len(in))
	}
	return results, nil
}
