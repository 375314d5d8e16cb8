package app_test

import (
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
)

// Levels that were announced may be lost with the broker: those of the last day are
// said again, though no pass has them to find.
func TestALevelOfTheLastDayIsAnnouncedAnew(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stocked(t, 1, 10)
	s.clock.advance(25 * time.Hour)
	s.stocked(t, 2, 10)
	s.clock.advance(23 * time.Hour)
	s.stocked(t, 3, 10)
	if err := s.ReconcileLevels(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.published(t)
	s.clock.advance(7 * 24 * time.Hour) // the shop rests
	if err := s.replica(t).AnnounceAnew().All(t.Context()); err != nil {
		t.Fatal(err)
	}
	levels := s.outbox(t, events.StockTopic)
	if len(levels) != 2 || levels[0].key != productID(2) || levels[1].key != productID(3) || levels[1].version != s.stock(t, 3).Version {
		t.Errorf("levels %+v, want those of products 2 and 3", levels)
	}
}

func TestLevelsThatAreAnnouncedAnewWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	s := open(t)
	if _, err := s.pool.Exec(t.Context(), `
		insert into stock (product_id, product_code, on_hand, reserved, version, update_time)
		select gen_random_uuid(), 'P-' || i, 0, 0, 1, $1 from generate_series(1, 700) i`, s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.AnnounceAnew().All(t.Context()) }()
	testkit.Eventually(t, 20*time.Second, "a batch is written", func() bool { return s.count(t, `select count(*) from outbox`) == 500 })
	select {
	case err := <-ended:
		t.Fatalf("ended with %v while the outbox was full", err)
	default:
	}
	s.published(t)
	if err := <-ended; err != nil || s.count(t, `select count(*) from outbox`) != 200 {
		t.Errorf("error %v, levels left %d", err, s.count(t, `select count(*) from outbox`))
	}
}
