package app_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
)

// wantConsistent compares stock, ledger and reservations in the database.
func (h *harness) wantConsistent(t *testing.T) {
	t.Helper()
	wrong := h.count(t, `
		select count(*) from stock s
		where on_hand <> (select coalesce(sum(delta), 0) from movements m where m.product_id = s.product_id)
		   or reserved <> (select coalesce(sum(q), 0) from reservations r, unnest(r.product_ids, r.quantities) as l(p, q)
		                   where r.state = 1 and l.p = s.product_id)`)
	if wrong != 0 {
		t.Errorf("%d products whose stock, ledger and reservations disagree", wrong)
	}
	broken := h.count(t, `
		select count(*) from (select on_hand_after, sum(delta) over (partition by product_id order by id) as sum from movements) m
		where sum <> on_hand_after or sum < 0`)
	if broken != 0 {
		t.Errorf("%d movements whose on_hand_after is not the sum so far", broken)
	}
}

func TestTwoHundredOrdersAtOnceForThirtyPiecesSellThirty(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 30)
	const orders, batches = 200, 10
	var placing sync.WaitGroup
	for b := range batches {
		batch := make([]domain.InboundEvent, 0, orders/batches)
		for n := b; n < orders; n += batches {
			batch = append(batch, h.placed(t, n, line{1, 1}))
		}
		placing.Go(func() {
			err := h.pool.Hot().InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
				return h.ApplyOrders(ctx, tx, batch)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	placing.Wait()
	counts := map[string]int{}
	for _, e := range h.outbox(t, events.ReservationTopic) {
		counts[e.kind]++
	}
	if counts["StockReserved"] != 30 || counts["StockRejected"] != 170 {
		t.Fatalf("published %v, want 30 reserved and 170 rejected", counts)
	}
	if row := h.stock(t, 1); row.Reserved() != 30 || row.OnHand() != 30 {
		t.Fatalf("stock %+v", row)
	}
	h.wantConsistent(t)
}

// Orders of several products, in any order of their lines, placed, confirmed and
// cancelled by replicas at once, with every event coming twice.
func TestReplicasThatApplyTheSameOrdersAtOnceKeepTheBooks(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for p := range 5 {
		h.stocked(t, p, 20)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var all []domain.InboundEvent
	for n := range 60 {
		all = append(all, h.placed(t, n, line{n % 5, 1 + int64(n%3)}, line{(n + 2) % 5, 1}))
		if n%2 == 0 {
			all = append(all, confirmed(t, n))
		}
		if n%3 == 0 {
			all = append(all, cancelled(t, n))
		}
	}
	var applying sync.WaitGroup
	for range 4 {
		replica := h.replica(t)
		var batches [][]domain.InboundEvent
		for rest := all; len(rest) > 0; {
			n := min(len(rest), 1+random.IntN(12))
			batches, rest = append(batches, rest[:n]), rest[n:]
		}
		applying.Go(func() {
			for _, batch := range batches {
				for err := error(pgConflict{}); err != nil; {
					err = replica.Pool.Hot().InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
						return replica.ApplyOrders(ctx, tx, batch)
					})
					// What a consumer tries again, too.
					if err != nil && !pg.Transient(err) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	applying.Wait()
	h.wantConsistent(t)
	if n := h.count(t, `select count(*) from reservations`); n != 60 {
		t.Errorf("%d reservations, want one per order", n)
	}
	twice := h.count(t, `select count(*) from (select order_id, product_id, kind from movements where order_id is not null group by 1, 2, 3 having count(*) > 1) m`)
	if twice != 0 {
		t.Errorf("%d lines were sold or restocked more than once", twice)
	}
}

// pgConflict starts a loop that ends with the first success.
type pgConflict struct{}

func (pgConflict) Error() string { return "not tried yet" }

func TestWhatABatchPublishesAndWrites(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 10)
	h.stocked(t, 2, 3)
	h.emptyOutbox(t)
	h.apply(t, h.placed(t, 1, line{1, 4}, line{2, 3}), h.placed(t, 2, line{2, 1}), cancelled(t, 3))
	got := h.outbox(t, events.ReservationTopic)
	want := []published{
		{kind: "StockReserved", key: orderID(1), version: 1},
		{kind: "StockRejected", key: orderID(2), version: 1},
		{kind: "StockReleased", key: orderID(3), version: 2},
	}
	if len(got) != len(want) {
		t.Fatalf("published %+v", got)
	}
	for i, w := range want {
		if got[i].kind != w.kind || got[i].key != w.key || got[i].version != w.version {
			t.Errorf("event %d: %+v, want %+v", i, got[i], w)
		}
		if !strings.Contains(got[i].trace, traced(i+1).TraceID().String()) {
			t.Errorf("event %d continues trace %q, not its order's", i, got[i].trace)
		}
	}
	short := decode(t, got[1], &inventoryv1.StockRejected{}).GetShortages()
	if len(short) != 1 || short[0].GetProductCode() != "P-2" || short[0].GetRequested() != 1 || short[0].GetAvailable() != 0 {
		t.Errorf("shortages %v", short)
	}
	// Product 2 ran out: published at once. Product 1 did not.
	levels := h.outbox(t, events.StockTopic)
	if len(levels) != 1 || levels[0].key != productID(2) {
		t.Fatalf("levels published at once: %+v", levels)
	}
	if level := decode(t, levels[0], &inventoryv1.StockLevelChanged{}); level.GetStock().GetAvailable() != 0 || level.GetStock().GetReserved() != 3 {
		t.Errorf("level %v", level)
	}

	h.emptyOutbox(t)
	h.apply(t, confirmed(t, 1))
	h.apply(t, cancelled(t, 1), cancelled(t, 2))
	got = h.outbox(t, events.ReservationTopic)
	want = []published{
		{kind: "StockCommitted", key: orderID(1), version: 2},
		{kind: "StockReleased", key: orderID(1), version: 3},
		{kind: "StockReleased", key: orderID(2), version: 1},
	}
	for i, w := range want {
		if got[i].kind != w.kind || got[i].key != w.key || got[i].version != w.version {
			t.Errorf("event %d: %+v, want %+v", i, got[i], w)
		}
	}
	if n := h.count(t, `select count(*) from movements where order_id = $1 and trace_id = $2 and actor = 'order'`,
		orderID(1), traced(1).TraceID().String()); n != 4 {
		t.Errorf("%d movements of the order with its trace, want 4", n)
	}
	h.wantConsistent(t)
}

// The same identity lets consumers and the relay see that it is the same event.
func TestAnEventIsRepublishedWithTheSameIdentity(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 10)
	for _, step := range []domain.InboundEvent{h.placed(t, 1, line{1, 2}), confirmed(t, 1), cancelled(t, 1), h.placed(t, 2, line{1, 99})} {
		h.emptyOutbox(t)
		h.apply(t, step)
		first := h.outbox(t, events.ReservationTopic)
		h.emptyOutbox(t)
		h.apply(t, step)
		again := h.outbox(t, events.ReservationTopic)
		if len(first) != 1 || len(again) != 1 || first[0].kind != again[0].kind || first[0].version != again[0].version ||
			first[0].key != again[0].key || string(first[0].payload) != string(again[0].payload) {
			t.Errorf("first %+v, again %+v", first, again)
		}
	}
}

func TestAProductThatIsNotKnownIsShort(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.apply(t, h.placed(t, 1, line{7, 2}))
	got := h.outbox(t, events.ReservationTopic)
	if len(got) != 1 || got[0].kind != "StockRejected" {
		t.Fatalf("published %+v", got)
	}
	short := decode(t, got[0], &inventoryv1.StockRejected{}).GetShortages()
	if len(short) != 1 || short[0].GetProductCode() != "P-7" || short[0].GetProductId() != productID(7).String() {
		t.Errorf("shortages %v", short)
	}
}

// A batch costs two round trips: one that locks and reads, one that writes and commits.
func TestABatchOfOrdersLocksReservationsAndStockInOneRead(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 10)
	h.apply(t, h.placed(t, 1, line{1, 4}))
	// Order 1's product is found through its reservation.
	h.apply(t, confirmed(t, 1), h.placed(t, 2, line{1, 6}))
	if row := h.stock(t, 1); row.OnHand() != 6 || row.Reserved() != 6 || row.Version() != 4 {
		t.Errorf("stock %+v, want one net change per batch", row)
	}
}

func TestStockNeverGoesBelowWhatIsReservedWhileOrdersAndAdjustmentsMeet(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.stocked(t, 1, 50)
	var working sync.WaitGroup
	for n := range 8 {
		working.Go(func() {
			for i := range 5 {
				h.apply(t, h.placed(t, 100*n+i, line{1, 2}))
			}
		})
		working.Go(func() {
			for range 5 {
				_, err := h.adjust(t.Context(), numbered(9, rand.Int()), 1, -1)
				if err != nil && !strings.Contains(err.Error(), string(domain.ReasonStockInsufficient)) {
					t.Error(err)
				}
			}
		})
	}
	working.Wait()
	if row := h.stock(t, 1); row.Reserved() > row.OnHand() || row.Available() < 0 {
		t.Errorf("stock %+v", row)
	}
	h.wantConsistent(t)
}
