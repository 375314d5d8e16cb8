package app_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
)

func TestAnAdjustmentIsWrittenToTheLedgerAndPublishedAtOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 0)
	h.emptyOutbox(t)
	ctx := trace.ContextWithSpanContext(
		authz.WithCaller(t.Context(), authz.Identity{Kind: authz.Staff, ID: "anna"}), traced(5))
	row, err := h.adjust(ctx, uuid.New(), 1, 12)
	if err != nil || row.GetOnHand() != 12 || row.GetAvailable() != 12 {
		t.Fatalf("stock %v, error %v", row, err)
	}
	movements, err := h.ListMovements(t.Context(), page.Request{})
	if err != nil || len(movements.Items) != 1 {
		t.Fatalf("movements %v, error %v", movements, err)
	}
	m := movements.Items[0]
	if m.Kind != domain.Adjustment || m.Delta != 12 || m.OnHandAfter != 12 || m.Actor != "anna" || m.Reason != "counted" ||
		m.TraceID != traced(5).TraceID().String() || m.OrderID != uuid.Nil {
		t.Errorf("movement %+v", m)
	}
	levels := h.outbox(t, events.StockTopic)
	if len(levels) != 1 || levels[0].version != 2 || !strings.Contains(levels[0].trace, traced(5).TraceID().String()) {
		t.Fatalf("levels %+v", levels)
	}
	if level := decode(t, levels[0], &inventoryv1.StockLevelChanged{}).GetStock(); level.GetAvailable() != 12 || level.GetProductCode() != "P-1" {
		t.Errorf("level %v", level)
	}
}

func TestAnAdjustmentSentAgainGetsItsFirstAnswer(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 0)
	request := uuid.New()
	first, err := h.adjust(t.Context(), request, 1, 5)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.adjust(t.Context(), uuid.New(), 1, 7); err != nil {
		t.Fatal(err)
	}
	again, err := h.adjust(t.Context(), request, 1, 5)
	if err != nil || again.GetOnHand() != first.GetOnHand() || again.GetUpdateTime().AsTime() != first.GetUpdateTime().AsTime() {
		t.Errorf("again %v, first %v, error %v", again, first, err)
	}
	if _, err := h.adjust(t.Context(), request, 1, 6); fault.ReasonOf(err) != fault.ReasonRequestIDReused {
		t.Errorf("another body: %v", err)
	}
	other := authz.WithCaller(t.Context(), authz.Identity{Kind: authz.Staff, ID: "bert"})
	if row, err := h.adjust(other, request, 1, 1); err != nil || row.GetOnHand() != 13 {
		t.Errorf("another caller's use of the id: %v, %v", row, err)
	}
	h.wantConsistent(t)
}

func TestTheSameAdjustmentAtOnceHappensOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 0)
	request := uuid.New()
	var sending sync.WaitGroup
	for range 10 {
		sending.Go(func() {
			if row, err := h.adjust(t.Context(), request, 1, 5); err != nil || row.GetOnHand() != 5 {
				t.Errorf("stock %v, error %v", row, err)
			}
		})
	}
	sending.Wait()
	if row := h.stock(t, 1); row.OnHand() != 5 {
		t.Errorf("stock %+v", row)
	}
}

func TestARefusedAdjustmentCanBeSentAgain(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 3)
	h.apply(t, h.placed(t, 1, line{1, 2}))
	request := uuid.New()
	if _, err := h.adjust(t.Context(), request, 1, -2); fault.ReasonOf(err) != domain.ReasonStockInsufficient {
		t.Fatalf("taking what is reserved: %v", err)
	}
	h.apply(t, cancelled(t, 1))
	if row, err := h.adjust(t.Context(), request, 1, -2); err != nil || row.GetOnHand() != 1 {
		t.Errorf("stock %v, error %v", row, err)
	}
}

func TestAProductNotKnownYetIsLookedUpInTheCatalog(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.catalog.put(code(3), productID(3))
	if row := h.stock(t, 3); row.ProductCode() != "P-3" || row.OnHand() != 0 || !row.UpdateTime().IsZero() {
		t.Errorf("stock before the product was known: %+v", row)
	}
	row, err := h.adjust(t.Context(), uuid.New(), 3, 4)
	if err != nil || row.GetProductId() != productID(3).String() || row.GetOnHand() != 4 {
		t.Fatalf("stock %v, error %v", row, err)
	}
	h.in(t, func(ctx context.Context, tx *pg.Tx) error {
		return h.AddProducts(ctx, tx, []domain.Product{product(t, 3, domain.Active, 0), product(t, 3, domain.Active, 0)})
	})
	if row := h.stock(t, 3); row.OnHand() != 4 {
		t.Errorf("learning of the product later changed its stock: %+v", row)
	}
	_, err = h.adjust(t.Context(), uuid.New(), 4, 4)
	if fault.ReasonOf(err) != domain.ReasonProductNotFound {
		t.Errorf("a product that nobody knows: %v", err)
	}
	if _, err := h.GetByCode(t.Context(), code(4)); fault.ReasonOf(err) != domain.ReasonProductNotFound {
		t.Errorf("its stock: %v", err)
	}
	h.catalog.mu.Lock()
	h.catalog.away = true
	h.catalog.mu.Unlock()
	if _, err := h.adjust(t.Context(), uuid.New(), 5, 4); fault.ReasonOf(err) != fault.ReasonUnavailable {
		t.Errorf("with the catalog away: %v", err)
	}
	if row, err := h.adjust(t.Context(), uuid.New(), 3, 1); err != nil || row.GetOnHand() != 5 {
		t.Errorf("a known product with the catalog away: %v, %v", row, err)
	}
}
