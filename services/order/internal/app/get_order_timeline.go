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

// TimelineSource fetches what another context knows of an order.
type TimelineSource struct {
	// Context is its name.
	Context string
	Fetch   func(ctx context.Context, orderID uuid.UUID) ([]TimelineEntry, error)
}

// Timeline returns all that happened to an order, oldest first, and names the
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
	h := TimelineEntry{Time: e.Time, Context: service, Kind: kindOf(e), Detail: detailOf(e), Actor: e.Actor, TraceID: e.TraceID}
	return h
}

// kindOf names what an entry records: the state that the order came to, or the step.
func kindOf(e domain.Entry) string {
	switch e.Step {
	case domain.ActionRequired:
		return "PAYMENT_ACTION_REQUIRED"
	case domain.Processing:
		return "PAYMENT_PROCESSING"
	case domain.Updated:
		return "UPDATED"
	case domain.Disputed:
		return "PAYMENT_DISPUTED"
	case domain.Claimed:
		return "CLAIMED"
	default:
		return e.State.String()
	}
}

func detailOf(e domain.Entry) string {
	text := stepDetails[e.Step]
	if e.Step == domain.Moved {
		text = stateDetails[e.State]
	}
	if e.State == domain.Cancelled && e.Step == domain.Moved {
		text += e.CancelReason.String()
	}
	if e.Note != "" {
		text += " (" + e.Note + ")"
	}
	return text
}

var stateDetails = map[domain.State]string{
	domain.Placed:          "The order was accepted",
	domain.AwaitingPayment: "Its stock is reserved; the payment is being taken",
	domain.Confirmed:       "It is paid",
	domain.Shipped:         "It was sent",
	domain.Delivered:       "It arrived",
	domain.Cancelled:       "It was cancelled: ",
}

var stepDetails = map[domain.Step]string{
	domain.ActionRequired: "The customer has to approve the payment",
	domain.Processing:     "The bank works on the payment",
	domain.Updated:        "It was corrected",
	domain.Disputed:       "A bank demands the payment back for its customer",
	domain.Claimed:        "A customer claimed what was a guest's order",
}
