package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
)

// asked publishes what waits, runs a pass, and returns the orders asked about.
func (s *store) asked(t *testing.T) []uuid.UUID {
	t.Helper()
	s.published(t)
	if err := s.AskExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	var orders []uuid.UUID
	for _, e := range s.outbox(t, events.ReservationTopic) {
		if e.kind != "StockReserved" || e.version != 1 {
			t.Errorf("said %+v", e)
		}
		orders = append(orders, e.key)
	}
	return orders
}

func TestOnlyReservationsThatOutliveTheirOrderAreAskedAbout(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stocked(t, 1, 100)
	for n := 1; n <= 4; n++ {
		s.hear(t, s.placed(t, n, line{1, 1}))
	}
	s.hear(t, confirmed(t, 1), cancelled(t, 2), cancelled(t, 9))
	if got := s.asked(t); len(got) != 0 {
		t.Fatalf("asked about %v before any order expired", got)
	}
	s.clock.advance(15*time.Minute + 30*time.Second)
	if got := s.asked(t); len(got) != 0 {
		t.Fatalf("asked about %v while order may still end it", got)
	}
	s.clock.advance(2 * time.Minute)
	if got := s.asked(t); len(got) != 2 || got[0] != orderID(3) || got[1] != orderID(4) {
		t.Fatalf("asked about %v, want orders 3 and 4", got)
	}
	if row := s.stock(t, 1); row.Reserved != 2 {
		t.Errorf("asking released something: %+v", row)
	}

	// Order answers for one of them; the other is asked about again, a minute later.
	s.hear(t, cancelled(t, 3))
	if got := s.asked(t); len(got) != 0 {
		t.Errorf("asked about %v again within the minute", got)
	}
	s.clock.advance(time.Minute)
	if got := s.asked(t); len(got) != 1 || got[0] != orderID(4) {
		t.Errorf("asked about %v, want order 4", got)
	}
}

// An order that reached us after its expiry is behind no mark.
func TestAReservationMadeLateIsAskedAboutToo(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stocked(t, 1, 100)
	late := s.placed(t, 1, line{1, 1})
	s.clock.advance(24 * time.Hour)
	if got := s.asked(t); len(got) != 0 {
		t.Fatal(got)
	}
	s.hear(t, late)
	s.clock.advance(3 * time.Minute)
	if got := s.asked(t); len(got) != 1 {
		t.Errorf("asked about %v, want the late order", got)
	}
}

func TestMoreReservationsThanFitATransactionAreAllAskedAbout(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stocked(t, 1, 10_000)
	const orders = 2050
	batch := make([]events.OrderHeard, orders)
	for n := range batch {
		batch[n] = s.placed(t, n, line{1, 1})
	}
	s.hear(t, batch...)
	s.clock.advance(time.Hour)
	if got := s.asked(t); len(got) != orders {
		t.Errorf("asked about %d orders, want %d", len(got), orders)
	}
}

func TestNothingIsAskedWhileEventsWaitForTheBroker(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stocked(t, 1, 10)
	s.hear(t, s.placed(t, 1, line{1, 1}))
	s.clock.advance(time.Hour)
	before := s.count(t, `select count(*) from outbox`)
	if err := s.AskExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := s.count(t, `select count(*) from outbox`); after != before {
		t.Errorf("the outbox grew from %d to %d", before, after)
	}
}
