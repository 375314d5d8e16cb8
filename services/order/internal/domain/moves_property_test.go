package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// reach brings a new order to a state that was drawn, by what is applied and requested.
func reach(t *rapid.T, state domain.State) *domain.Order {
	o, _, err := domain.Place(placement(), input(), at(0))
	if err != nil {
		t.Fatal(err)
	}
	receive := func(inbound domain.InboundEvent) {
		if _, err := o.Apply(inbound, policy(), at(0)); err != nil {
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
		if _, err := o.Ship(uuid.New(), domain.Dispatch{}, retry, at(0)); err != nil {
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
// table has, under a new version and with an entry in its history; what is refused
// changes nothing.
func TestEveryMoveIsInTheTable(t *testing.T) {
	t.Parallel()
	states := []domain.State{
		domain.Placed, domain.AwaitingPayment, domain.Confirmed, domain.Shipped, domain.Delivered, domain.Cancelled,
	}
	rapid.Check(t, func(t *rapid.T) {
		o := reach(t, rapid.SampledFrom(states).Draw(t, "state"))
		before := o.Snapshot()
		var c domain.Decision
		var err error
		receive := func(inbound domain.InboundEvent) { c, err = o.Apply(inbound, policy(), at(0)) }
		switch rapid.IntRange(0, 13).Draw(t, "what happens") {
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
			c, err = o.Ship(uuid.New(), domain.Dispatch{}, retry, at(0))
		case 8:
			c, err = o.Deliver(at(0))
		case 9:
			c = o.Sweep(retry, at(rapid.SampledFrom([]time.Duration{0, time.Minute, time.Hour}).Draw(t, "later")))
		case 10:
			receive(domain.PaymentActionRequired{PaymentID: before.PaymentID})
		case 11:
			receive(domain.PaymentProcessing{PaymentID: before.PaymentID, Time: dawn})
		case 12:
			receive(domain.PaymentDisputed{PaymentID: before.PaymentID, Dispute: domain.Dispute{ID: "dp_1", Amount: euros(1), Version: 3}})
		case 13:
			code := "2"
			c, err = o.Update(uuid.New(), domain.Edit{TrackingCode: &code}, retry, at(0))
		}
		moved := slices.DeleteFunc(slices.Clone(c.History), func(e domain.Entry) bool { return e.Step != domain.Moved })
		switch {
		case err != nil && (o.Snapshot().State != before.State || o.Snapshot().Version != before.Version || len(c.Events) > 0):
			t.Fatalf("refused with %v, and came from %s to %s", err, before.State, o.Snapshot().State)
		case o.Snapshot().State != before.State && !slices.Contains(before.State.Moves(), o.Snapshot().State):
			t.Fatalf("came from %s to %s", before.State, o.Snapshot().State)
		case o.Snapshot().State != before.State && (o.Snapshot().Version <= before.Version || len(moved) != 1 || moved[0].Version != o.Snapshot().Version):
			t.Fatalf("came to %s at version %d after %d with the history %+v", o.Snapshot().State, o.Snapshot().Version, before.Version, c.History)
		case o.Snapshot().State == before.State && len(moved) > 0:
			t.Fatalf("stayed %s, with the history %+v", o.Snapshot().State, c.History)
		}
	})
}
