package app_test

import (
	"context"
	"testing"
	"time"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
)

func TestChangesCloseToEachOtherAreAnnouncedOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stocked(t, 1, 10)
	s.published(t)
	for n := range 4 {
		s.hear(t, s.placed(t, n, line{1, 1}))
	}
	if levels := s.outbox(t, events.StockTopic); len(levels) != 0 {
		t.Fatalf("announced already: %+v", levels)
	}
	if err := s.AnnounceLevels(t.Context()); err != nil {
		t.Fatal(err)
	}
	levels := s.outbox(t, events.StockTopic)
	if len(levels) != 1 || levels[0].version != s.stock(t, 1).Version {
		t.Fatalf("levels %+v", levels)
	}
	if level := decode(t, levels[0], &inventoryv1.StockLevelChanged{}).GetStock(); level.GetAvailable() != 6 || level.GetReserved() != 4 {
		t.Errorf("level %v", level)
	}
	if err := s.AnnounceLevels(t.Context()); err != nil || len(s.outbox(t, events.StockTopic)) != 1 {
		t.Errorf("announced again without a change, error %v", err)
	}
}

func TestRunningOutAndComingBackAreAnnouncedWithTheChange(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stocked(t, 1, 2)
	s.published(t)
	s.hear(t, s.placed(t, 1, line{1, 2}))
	s.hear(t, cancelled(t, 1))
	levels := s.outbox(t, events.StockTopic)
	if len(levels) != 2 {
		t.Fatalf("levels %+v", levels)
	}
	for i, want := range []int64{0, 2} {
		if level := decode(t, levels[i], &inventoryv1.StockLevelChanged{}).GetStock(); level.GetAvailable() != want {
			t.Errorf("level %d: %v, want %d available", i, level, want)
		}
	}
}

func TestANewProductIsAnnouncedOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	for range 2 {
		s.in(t, func(ctx context.Context, tx *pg.Tx) error {
			return s.KnowProducts(ctx, tx, []domain.Product{{ID: productID(2), Code: code(2)}, {ID: productID(1), Code: code(1)}})
		})
	}
	if levels := s.outbox(t, events.StockTopic); len(levels) != 2 || levels[0].version != 1 {
		t.Errorf("levels %+v", levels)
	}
}

func TestLevelsThatACrashLeftUnsaidAreFoundByTheNextProcess(t *testing.T) {
	t.Parallel()
	s := open(t)
	for n := range 3 {
		s.stocked(t, n, 10)
	}
	s.clock.advance(time.Hour)
	if err := s.ReconcileLevels(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.clock.advance(time.Hour)
	s.hear(t, s.placed(t, 1, line{1, 1}))
	s.published(t)

	next := s.replica(t) // what the first had collected is gone
	if err := next.AnnounceLevels(t.Context()); err != nil || len(s.outbox(t, events.StockTopic)) != 0 {
		t.Fatalf("the new process knows what the old one collected, error %v", err)
	}
	if err := next.ReconcileLevels(t.Context()); err != nil {
		t.Fatal(err)
	}
	levels := s.outbox(t, events.StockTopic)
	if len(levels) != 1 || levels[0].key != productID(1) {
		t.Fatalf("levels %+v, want that of product 1 alone", levels)
	}
}

func TestTheRunnerAnnouncesByItselfAndSaysFarewell(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stocked(t, 1, 10)
	s.stocked(t, 2, 10)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.RunLevels(ctx) }()
	s.hear(t, s.placed(t, 1, line{1, 1}))
	version := s.stock(t, 1).Version
	testkit.Eventually(t, 10*time.Second, "the level is announced", func() bool {
		return s.count(t, `select count(*) from outbox where key = $1 and version = $2`, productID(1), version) > 0
	})
	s.hear(t, s.placed(t, 2, line{2, 1}))
	version = s.stock(t, 2).Version
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if s.count(t, `select count(*) from outbox where key = $1 and version = $2`, productID(2), version) == 0 {
		t.Error("the last change was not announced")
	}
}
