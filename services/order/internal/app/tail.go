package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

const (
	// tailPoll is how often the history of watched orders is read when no call of this
	// process changed them: another replica may have.
	tailPoll = 200 * time.Millisecond
	// entriesAhead is how many entries wait for a watcher that reads slowly: more
	// than an order's history ever holds.
	entriesAhead = 16
)

// Tail shows new entries of history to all who watch orders in this process, with
// one query for all of them. Each watcher has a cursor, the version of the entry
// that it was given last: so it gets every entry once, in order.
type Tail struct {
	pool *pg.Pool
	log  *slog.Logger
	wake chan struct{} // size 1: a wake-up that waits stands for all

	mu       sync.Mutex
	watchers map[*watcher]struct{}
	orders   map[uuid.UUID]int // how many watch an order

	stop    context.CancelFunc
	running sync.WaitGroup
}

type watcher struct {
	order   uuid.UUID
	seen    int64
	entries chan domain.Entry
}

// NewTail returns a Tail that does not run yet.
func NewTail(pool *pg.Pool, log *slog.Logger) *Tail {
	return &Tail{pool: pool, log: log, wake: make(chan struct{}, 1), watchers: map[*watcher]struct{}{}, orders: map[uuid.UUID]int{}}
}

// Start begins to poll for new entries; Stop ends it.
func (t *Tail) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	t.stop = cancel
	t.running.Go(func() { t.run(ctx) })
}

// Stop returns when the Tail has stopped.
func (t *Tail) Stop() {
	if t.stop != nil {
		t.stop()
	}
	t.running.Wait()
}

// Changed wakes the tail: these orders have new entries, which are committed.
func (t *Tail) Changed(orders []uuid.UUID) {
	t.mu.Lock()
	watched := false
	for _, id := range orders {
		watched = watched || t.orders[id] > 0
	}
	t.mu.Unlock()
	if watched {
		t.signal()
	}
}

func (t *Tail) signal() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// follow calls send with each entry of an order after a version, as they come,
// until ctx ends, send fails, or the entry is the last that an order can have.
func (t *Tail) follow(ctx context.Context, order uuid.UUID, after int64, send func(domain.Entry) error) error {
	w := &watcher{order: order, seen: after, entries: make(chan domain.Entry, entriesAhead)}
	t.add(w)
	defer t.remove(w)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case entry := <-w.entries:
			if err := send(entry); err != nil {
				return err
			}
			if entry.State.Final() {
				return nil
			}
		}
	}
}

func (t *Tail) add(w *watcher) {
	t.mu.Lock()
	t.watchers[w] = struct{}{}
	t.orders[w.order]++
	t.mu.Unlock()
	// What was committed since the watcher's order was read.
	t.signal()
}

func (t *Tail) remove(w *watcher) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.watchers, w)
	if t.orders[w.order]--; t.orders[w.order] == 0 {
		delete(t.orders, w.order)
	}
}

func (t *Tail) run(ctx context.Context) {
	poll := time.NewTicker(tailPoll)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		case <-poll.C:
		}
		if err := t.poll(ctx); err != nil && ctx.Err() == nil {
			t.log.WarnContext(ctx, "could not read new history", "error", err)
		}
	}
}

// poll reads what the watchers have not seen, and hands it out. Only this
// goroutine moves cursors.
func (t *Tail) poll(ctx context.Context) error {
	watchers, watched := t.snapshot()
	if len(watchers) == 0 {
		return nil
	}
	unseen, err := store.On(t.pool.Hot()).Tail(ctx, watched)
	if err != nil {
		return err
	}
	for i, w := range watchers {
		w.give(unseen[i])
	}
	return nil
}

func (t *Tail) snapshot() ([]*watcher, []store.Watched) {
	t.mu.Lock()
	defer t.mu.Unlock()
	watchers := make([]*watcher, 0, len(t.watchers))
	watched := make([]store.Watched, 0, len(t.watchers))
	for w := range t.watchers {
		watchers = append(watchers, w)
		watched = append(watched, store.Watched{OrderID: w.order, AfterVersion: w.seen})
	}
	return watchers, watched
}

// give hands entries over; those that find no room come with a later poll.
func (w *watcher) give(entries []domain.Entry) {
	for _, entry := range entries {
		select {
		case w.entries <- entry:
			w.seen = entry.Version
		default:
			return
		}
	}
}
