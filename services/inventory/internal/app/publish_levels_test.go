package app_test

import (
	"context"
	"testing"
	"time"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
)

func TestChangesCloseToEachOtherArePublishedOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 10)
	h.emptyOutbox(t)
	for n := range 4 {
		h.apply(t, h.placed(t, n, line{1, 1}))
	}
	if levels := h.outbox(t, events.StockTopic); len(levels) != 0 {
		t.Fatalf("published already: %+v", levels)
	}
	if err := h.PublishLevels(t.Context()); err != nil {
		t.Fatal(err)
	}
	levels := h.outbox(t, events.StockTopic)
	if len(levels) != 1 || levels[0].version != h.stock(t, 1).Version() {
		t.Fatalf("levels %+v", levels)
	}
	if level := decode(t, levels[0], &inventoryv1.StockLevelChanged{}).GetStock(); level.GetAvailable() != 6 || level.GetReserved() != 4 {
		t.Errorf("level %v", level)
	}
	if err := h.PublishLevels(t.Context()); err != nil || len(h.outbox(t, events.StockTopic)) != 1 {
		t.Errorf("published again without a change, error %v", err)
	}
}

func TestRunningOutAndComingBackArePublishedWithTheChange(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 2)
	h.emptyOutbox(t)
	h.apply(t, h.placed(t, 1, line{1, 2}))
	h.apply(t, cancelled(t, 1))
	levels := h.outbox(t, events.StockTopic)
	if len(levels) != 2 {
		t.Fatalf("levels %+v", levels)
	}
	for i, want := range []int64{0, 2} {
		if level := decode(t, levels[i], &inventoryv1.StockLevelChanged{}).GetStock(); level.GetAvailable() != want {
			t.Errorf("level %d: %v, want %d available", i, level, want)
		}
	}
}

func TestANewProductsStockIsPublishedOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for range 2 {
		h.in(t, func(ctx context.Context, tx *pg.Tx) error {
			return h.AddProducts(ctx, tx, []domain.Product{product(t, 2, domain.Active, 0), product(t, 1, domain.Active, 0)})
		})
	}
	if levels := h.outbox(t, events.StockTopic); len(levels) != 2 || levels[0].version != 1 {
		t.Errorf("levels %+v", levels)
	}
}

func TestLevelsThatACrashLeftUnsaidAreFoundByTheNextProcess(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for n := range 3 {
		h.stocked(t, n, 10)
	}
	h.clock.advance(time.Hour)
	if err := h.ReconcileLevels(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(time.Hour)
	h.apply(t, h.placed(t, 1, line{1, 1}))
	h.emptyOutbox(t)

	next := h.replica(t) // what the first had collected is gone
	if err := next.PublishLevels(t.Context()); err != nil || len(h.outbox(t, events.StockTopic)) != 0 {
		t.Fatalf("the new process knows what the old one collected, error %v", err)
	}
	if err := next.ReconcileLevels(t.Context()); err != nil {
		t.Fatal(err)
	}
	levels := h.outbox(t, events.StockTopic)
	if len(levels) != 1 || levels[0].key != productID(1) {
		t.Fatalf("levels %+v, want that of product 1 alone", levels)
	}
}

func TestTheRunnerPublishesByItselfAndOnceMoreAtItsEnd(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 10)
	h.stocked(t, 2, 10)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.RunLevels(ctx) }()
	h.apply(t, h.placed(t, 1, line{1, 1}))
	version := h.stock(t, 1).Version()
	h.written.Wait(t, "the level is published", func() bool {
		return h.count(t, `select count(*) from outbox where key = $1 and version = $2`, productID(1), version) > 0
	})
	h.apply(t, h.placed(t, 2, line{2, 1}))
	version = h.stock(t, 2).Version()
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if h.count(t, `select count(*) from outbox where key = $1 and version = $2`, productID(2), version) == 0 {
		t.Error("the last change was not published")
	}
}
