package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
)

// Levels that were published may be lost with the broker: those of the last day are
// published again, though ReconcileLevels finds none of them.
func TestALevelOfTheLastDayIsRepublished(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 10)
	h.clock.advance(25 * time.Hour)
	h.stocked(t, 2, 10)
	h.clock.advance(23 * time.Hour)
	h.stocked(t, 3, 10)
	if err := h.ReconcileLevels(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.emptyOutbox(t)
	h.clock.advance(7 * 24 * time.Hour) // the shop rests
	if err := h.replica(t).Republisher().All(t.Context()); err != nil {
		t.Fatal(err)
	}
	levels := h.outbox(t, events.StockTopic)
	if len(levels) != 2 || levels[0].key != productID(2) || levels[1].key != productID(3) || levels[1].version != h.stock(t, 3).Version() {
		t.Errorf("levels %+v, want those of products 2 and 3", levels)
	}
}

func TestLevelsThatAreRepublishedWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	if _, err := h.pool.Exec(t.Context(), `
		insert into stock (product_id, product_code, on_hand, reserved, version, update_time)
		select gen_random_uuid(), 'P-' || i, 0, 0, 1, $1 from generate_series(1, 700) i`, h.clock.Now()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- h.Republisher().All(ctx) }()
	h.written.Wait(t, "a batch is written", func() bool { return h.count(t, `select count(*) from outbox`) == 500 })
	select {
	case err := <-ended:
		t.Fatalf("ended with %v while the outbox was full", err)
	default:
	}
	h.emptyOutbox(t)
	if err := <-ended; err != nil || h.count(t, `select count(*) from outbox`) != 200 {
		t.Errorf("error %v, levels left %d", err, h.count(t, `select count(*) from outbox`))
	}
}
