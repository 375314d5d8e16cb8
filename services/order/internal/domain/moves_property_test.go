package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// reach brings a new order to a state that was drawn, by what is applied and asked for.
func reach(t *rapid.T, state domain.State) *domain.Order {
	o, _, err := domain.Place(placement(), given(), at(0))
	if err != nil {
		t.Fatal(err)
	}
	var c domain.Changes
	receive := func(inbound domain.InboundEvent) {
		if err := o.Apply(inbound, retry, at(0), &c); err != nil {
			t.Fatal(err)
		}
	}
	if state == domain.Cancelled {
		state = rapid.SampledFrom([]domain.State{domain.Placed, domain.AwaitingPayment, domain.Confirmed}).Draw(t, "cancelled from")
		defer func() {
			if _, err := o.Cancel("", retry, at(0)); err != nil {
				t.Fatal(err)
			}
		}()
	}
	if state >= domain.AwaitingPayment {
		receive(domain.StockReserved{})
	}
	if state >= domain.Confirmed {
		receive(captured(o))
	}
	if state >= domain.Shipped {
		if _, err := o.Ship(uuid.New(), "", "", retry, at(0)); err != nil {
			t.Fatal(err)
		}
	}
	if state >= domain.Delivered {
		if _, err := o.Deliver(at(0)); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// Whatever is done to an order in any state: it stays as it is, or moves as the
// table says, under a new version and with an entry in its history; what is refused
// changes nothing.
func TestEveryMoveIsInTheTable(t *testing.T) {
	t.Parallel()
	states := []domain.State{
		domain.Placed, domain.AwaitingPayment, domain.Confirmed, domain.Shipped, domain.Delivered, domain.Cancelled,
	}
	rapid.Check(t, func(t *rapid.T) {
		o := reach(t, rapid.SampledFrom(states).Draw(t, "state"))
		before := *o
		var c domain.Changes
		var err error
		receive := func(inbound domain.InboundEvent) { err = o.Apply(inbound, retry, at(0), &c) }
		switch rapid.IntRange(0, 9).Draw(t, "what happens") {
		case 0:
			receive(domain.StockReserved{})
		case 1:
			receive(domain.StockRejected{})
		case 2:
			receive(domain.StockCommitted{})
		case 3:
			receive(domain.StockReleased{})
		case 4:
			receive(captured(o))
		case 5:
			receive(failed(o))
		case 6:
			c, err = o.Cancel("", retry, at(0))
		case 7:
			c, err = o.Ship(uuid.New(), "", "", retry, at(0))
		case 8:
			c, err = o.Deliver(at(0))
		case 9:
			c = o.Sweep(retry, at(rapid.SampledFrom([]time.Duration{0, time.Minute, time.Hour}).Draw(t, "later")))
		}
		switch {
		case err != nil && (o.State != before.State || o.Version != before.Version || len(c.Events) > 0):
			t.Fatalf("refused with %v, and came from %s to %s", err, before.State, o.State)
		case o.State != before.State && !slices.Contains(before.State.Moves(), o.State):
			t.Fatalf("came from %s to %s", before.State, o.State)
		case o.State != before.State && (o.Version <= before.Version || len(c.History) != 1 || c.History[0].Version != o.Version):
			t.Fatalf("came to %s at version %d after %d with the history %+v", o.State, o.Version, before.Version, c.History)
		case o.State == before.State && len(c.History) > 0:
			t.Fatalf("stayed %s, with the history %+v", o.State, c.History)
		}
	})
}
