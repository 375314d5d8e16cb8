package stripe

import (
	"context"
	"slices"
	"time"

	stripego "github.com/stripe/stripe-go/v84"

	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// eventsKept is how long Stripe lists an event: 30 days. The hour is for the way.
const eventsKept = 30*24*time.Hour - time.Hour

// listTimeout bounds the reading of a list of events, which may be several pages.
const listTimeout = 2 * time.Minute

// eventTypes are the events about what others can do at Stripe. How a PaymentIntent
// stands is polled, so that its events are not needed.
func eventTypes() []*string {
	return stripego.StringSlice([]string{
		string(stripego.EventTypeRefundCreated), string(stripego.EventTypeRefundUpdated), string(stripego.EventTypeRefundFailed),
		string(stripego.EventTypeChargeDisputeCreated), string(stripego.EventTypeChargeDisputeUpdated), string(stripego.EventTypeChargeDisputeClosed),
	})
}

// EventsKept is how far back ListEvents reaches.
func (s *Stripe) EventsKept() time.Duration { return eventsKept }

// ListEvents lists the events about refunds and disputes that were made from one time to
// another, both included, oldest first (https://docs.stripe.com/api/events/list). Stripe
// pages from the newest to the oldest: when there are more than most, none of them is
// known to be the oldest, and whole is false.
func (s *Stripe) ListEvents(ctx context.Context, from, to time.Time, most int) (events []provider.Event, whole bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	params := &stripego.EventListParams{
		Types: eventTypes(), CreatedRange: &stripego.RangeQueryParams{GreaterThanOrEqual: from.Unix(), LesserThanOrEqual: to.Unix()},
	}
	params.Limit = stripego.Int64(pageSize)
	for listed, err := range s.client.V1Events.List(ctx, params) {
		if err != nil {
			return nil, false, apiFailure("list events", err)
		}
		if len(events) == most {
			return nil, false, nil
		}
		events = append(events, s.toEvent(listed))
	}
	slices.Reverse(events)
	return events, true, nil
}

func (s *Stripe) toEvent(listed *stripego.Event) provider.Event {
	e := event{ID: listed.ID, Type: string(listed.Type), Account: listed.Account, Livemode: listed.Livemode}
	if listed.Data != nil {
		e.Data.Object = listed.Data.Raw
	}
	out := provider.Event{ID: e.ID, Type: e.Type, Time: time.Unix(listed.Created, 0).UTC()}
	out.Notice, out.Concerns, out.Err = toNotice(e, s.live)
	return out
}

// Complete adds to a notice what its event does not hold; provider.ErrNotFound when
// Stripe has no such PaymentIntent or dispute any more.
func (s *Stripe) Complete(ctx context.Context, n provider.Notice) (provider.Notice, error) {
	return complete(ctx, s, n)
}
