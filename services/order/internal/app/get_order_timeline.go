package app

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// peerTimeout bounds how long the timeline waits for another context.
const peerTimeout = 2 * time.Second

// TimelineEntry is one thing that happened to an order, in any context.
type TimelineEntry struct {
	Time    time.Time
	Context string
	// Kind is in capitals, such as "CHARGE_ATTEMPT"; Detail is a sentence for
	// people, without personal data.
	Kind    string
	Detail  string
	Actor   string
	TraceID string
}

// TimelineSource tells what another context knows of an order.
type TimelineSource struct {
	// Context is its name.
	Context string
	Fetch   func(ctx context.Context, orderID uuid.UUID) ([]TimelineEntry, error)
}

// Timeline tells all that happened to an order, oldest first, and names the
// contexts that did not answer. Errors: ORDER_NOT_FOUND.
func (s *Orders) Timeline(ctx context.Context, id uuid.UUID, sources []TimelineSource) (all []TimelineEntry, missing []string, err error) {
	_, history, err := s.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range history {
		all = append(all, timelineEntry(entry))
	}
	var mu sync.Mutex
	var fetching sync.WaitGroup
	for _, source := range sources {
		fetching.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, peerTimeout)
			defer cancel()
			fetched, err := source.Fetch(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				s.Log.WarnContext(ctx, "a context did not answer with its part of the timeline", "context", source.Context, "error", err)
				missing = append(missing, source.Context)
				return
			}
			all = append(all, fetched...)
		})
	}
	fetching.Wait()
	slices.Sort(missing)
	slices.SortStableFunc(all, func(a, b TimelineEntry) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Context, b.Context))
	})
	return all, missing, nil
}

func timelineEntry(e domain.Entry) TimelineEntry {
	h := TimelineEntry{Time: e.Time, Context: service, Kind: e.State.String(), Detail: detailOf(e), Actor: e.Actor, TraceID: e.TraceID}
	return h
}

func detailOf(e domain.Entry) string {
	var text string
	switch e.State {
	case domain.Placed:
		text = "The order was accepted"
	case domain.AwaitingPayment:
		text = "Its stock is reserved; the payment is being taken"
	case domain.Confirmed:
		text = "It is paid"
	case domain.Shipped:
		text = "It was sent"
	case domain.Delivered:
		text = "It arrived"
	case domain.Cancelled:
		text = "It was cancelled: " + e.CancelReason.String()
	}
	if e.Note != "" {
		text += " (" + e.Note + ")"
	}
	return text
}
