package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// listing is a provider's list of events.
type listing struct {
	all []provider.Event // oldest first

	mu      sync.Mutex
	applied []string
	refuses bool
	largest time.Duration // the longest part that was whole
}

func (l *listing) EventsKept() time.Duration { return 30 * 24 * time.Hour }

func (l *listing) ListEvents(_ context.Context, from, to time.Time, most int) (events []provider.Event, whole bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuses {
		return nil, false, errors.New("no answer")
	}
	for _, e := range l.all {
		if !e.Time.Before(from.Truncate(time.Second)) && !e.Time.After(to) {
			events = append(events, e)
		}
	}
	if len(events) > most {
		return nil, false, nil
	}
	l.largest = max(l.largest, to.Sub(from))
	return events, true, nil
}

// reader is a provider that lists events.
type reader struct {
	provider.Provider
	*listing
}

// Complete sees each event that is applied.
func (l *listing) Complete(_ context.Context, n provider.Notice) (provider.Notice, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.applied = append(l.applied, n.ID)
	return n, nil
}

// A month of events is too much for one reading: it is read part by part, from the oldest
// to the newest, each once, and by one of two processes at a time.
func TestAMonthOfEventsIsReadPartByPart(t *testing.T) {
	t.Parallel()
	o := newHarness(t, domain.Settings{ProviderTimeout: time.Hour, RetryAfter: time.Second, ReconcileInterval: 50 * time.Millisecond})
	now := time.Now().UTC().Truncate(time.Second)
	list := &listing{}
	for i := range 3500 {
		id := fmt.Sprintf("evt_%04d", i)
		at := now.Add(-29 * 24 * time.Hour).Add(time.Duration(i) * 11 * time.Minute)
		list.all = append(list.all, provider.Event{ID: id, Type: "refund.created", Time: at, Concerns: true, Notice: provider.Notice{ID: id}})
	}
	o.refunded(1, 2, now.Add(-60*24*time.Hour)) // the shop is older than the list reaches back
	w := o.idle(reader{&scripted{charge: yes}, list})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	defer cancel()
	for range 2 {
		running.Go(func() { _ = o.payments(w).Reconciler("scripted").Run(ctx) })
	}
	testkit.Eventually(t, "the list is read to its end", func() bool {
		return o.count(`select count(*) from provider_cursors where read_time is not null`) == 1
	})
	list.mu.Lock()
	defer list.mu.Unlock()
	// The other process reads the last minutes again.
	first := list.applied[:min(len(list.applied), len(list.all))]
	if len(first) != len(list.all) || !slices.IsSorted(first) || len(list.applied) > len(list.all)+2*3 {
		t.Errorf("%d of %d events were applied, in order: %t", len(list.applied), len(list.all), slices.IsSorted(first))
	}
	if list.largest > 10*24*time.Hour {
		t.Errorf("a part was of %s", list.largest)
	}
}
