package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
)

// republished empties the outbox, runs a pass, and returns the orders that it republished.
func (h *harness) republished(t *testing.T) []uuid.UUID {
	t.Helper()
	h.emptyOutbox(t)
	if err := h.RepublishExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	var orders []uuid.UUID
	for _, e := range h.outbox(t, events.ReservationTopic) {
		if e.kind != "StockReserved" || e.version != 1 {
			t.Errorf("published %+v", e)
		}
		orders = append(orders, e.key)
	}
	return orders
}

func TestOnlyReservationsThatOutliveTheirOrderAreRepublished(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 100)
	for n := 1; n <= 4; n++ {
		h.apply(t, h.placed(t, n, line{1, 1}))
	}
	h.apply(t, confirmed(t, 1), cancelled(t, 2), cancelled(t, 9))
	if got := h.republished(t); len(got) != 0 {
		t.Fatalf("republished %v before any order expired", got)
	}
	h.clock.advance(15*time.Minute + 30*time.Second)
	if got := h.republished(t); len(got) != 0 {
		t.Fatalf("republished %v while order may still end it", got)
	}
	h.clock.advance(2 * time.Minute)
	if got := h.republished(t); len(got) != 2 || got[0] != orderID(3) || got[1] != orderID(4) {
		t.Fatalf("republished %v, want orders 3 and 4", got)
	}
	if row := h.stock(t, 1); row.Reserved() != 2 {
		t.Errorf("republishing released something: %+v", row)
	}

	// Order answers for one of them; the other is republished, a minute later.
	h.apply(t, cancelled(t, 3))
	if got := h.republished(t); len(got) != 0 {
		t.Errorf("republished %v again within the minute", got)
	}
	h.clock.advance(time.Minute)
	if got := h.republished(t); len(got) != 1 || got[0] != orderID(4) {
		t.Errorf("republished %v, want order 4", got)
	}
}

// An order that reached us after its expiry is behind no mark.
func TestAReservationMadeLateIsRepublishedToo(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 100)
	late := h.placed(t, 1, line{1, 1})
	h.clock.advance(24 * time.Hour)
	if got := h.republished(t); len(got) != 0 {
		t.Fatal(got)
	}
	h.apply(t, late)
	h.clock.advance(3 * time.Minute)
	if got := h.republished(t); len(got) != 1 {
		t.Errorf("republished %v, want the late order", got)
	}
}

func TestMoreReservationsThanFitATransactionAreAllRepublished(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 10_000)
	const orders = 2050
	batch := make([]domain.InboundEvent, orders)
	for n := range batch {
		batch[n] = h.placed(t, n, line{1, 1})
	}
	h.apply(t, batch...)
	h.clock.advance(time.Hour)
	if got := h.republished(t); len(got) != orders {
		t.Errorf("republished %d orders, want %d", len(got), orders)
	}
}

func TestNothingIsRepublishedWhileEventsWaitForTheBroker(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 10)
	h.apply(t, h.placed(t, 1, line{1, 1}))
	h.clock.advance(time.Hour)
	before := h.count(t, `select count(*) from outbox`)
	if err := h.RepublishExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := h.count(t, `select count(*) from outbox`); after != before {
		t.Errorf("the outbox grew from %d to %d", before, after)
	}
}
