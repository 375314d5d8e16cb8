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
func (s *store) wantConsistent(t *testing.T) {
	t.Helper()
	wrong := s.count(t, `
		select count(*) from stock s
		where on_hand <> (select coalesce(sum(delta), 0) from movements m where m.product_id = s.product_id)
		   or reserved <> (select coalesce(sum(q), 0) from reservations r, unnest(r.product_ids, r.quantities) as l(p, q)
		                   where r.state = 1 and l.p = s.product_id)`)
	if wrong != 0 {
		t.Errorf("%d products whose stock, ledger and reservations disagree", wrong)
	}
	broken := s.count(t, `
		select count(*) from (select on_hand_after, sum(delta) over (partition by product_id order by id) as sum from movements) m
		where sum <> on_hand_after or sum < 0`)
	if broken != 0 {
		t.Errorf("%d movements whose on_hand_after is not the sum so far", broken)
	}
}

func TestTwoHundredOrdersAtOnceForThirtyPiecesSellThirty(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stocked(t, 1, 30)
	const orders, batches = 200, 10
	var placing sync.WaitGroup
	for b := range batches {
		batch := make([]events.OrderHeard, 0, orders/batches)
		for n := b; n < orders; n += batches {
			batch = append(batch, s.placed(t, n, line{1, 1}))
		}
		placing.Go(func() {
			err := s.pool.Hot().InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
				return s.SettleOrders(ctx, tx, batch)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	placing.Wait()
	counts := map[string]int{}
	for _, e := range s.outbox(t, events.ReservationTopic) {
		counts[e.kind]++
	}
	if counts["StockReserved"] != 30 || counts["StockRejected"] != 170 {
		t.Fatalf("said %v, want 30 reserved and 170 rejected", counts)
	}
	if row := s.stock(t, 1); row.Reserved != 30 || row.OnHand != 30 {
		t.Fatalf("stock %+v", row)
	}
	s.wantConsistent(t)
}

// Orders of several products, in any order of their lines, placed, confirmed and
// cancelled by replicas at once, with every event coming twice.
func TestReplicasThatSettleTheSameOrdersAtOnceKeepTheBooks(t *testing.T) {
	t.Parallel()
	s := open(t)
	for p := range 5 {
		s.stocked(t, p, 20)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var all []events.OrderHeard
	for n := range 60 {
		all = append(all, s.placed(t, n, line{n % 5, 1 + int64(n%3)}, line{(n + 2) % 5, 1}))
		if n%2 == 0 {
			all = append(all, confirmed(t, n))
		}
		if n%3 == 0 {
			all = append(all, cancelled(t, n))
		}
	}
	var settling sync.WaitGroup
	for range 4 {
		replica := s.replica(t)
		var batches [][]events.OrderHeard
		for rest := all; len(rest) > 0; {
			n := min(len(rest), 1+random.IntN(12))
			batches, rest = append(batches, rest[:n]), rest[n:]
		}
		settling.Go(func() {
			for _, batch := range batches {
				for err := error(pgConflict{}); err != nil; {
					err = replica.Pool.Hot().InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
						return replica.SettleOrders(ctx, tx, batch)
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
	settling.Wait()
	s.wantConsistent(t)
	if n := s.count(t, `select count(*) from reservations`); n != 60 {
		t.Errorf("%d reservations, want one per order", n)
	}
	twice := s.count(t, `select count(*) from (select order_id, product_id, kind from movements where order_id is not null group by 1, 2, 3 having count(*) > 1) m`)
	if twice != 0 {
		t.Errorf("%d lines were sold or restocked more than once", twice)
	}
}

// pgConflict starts a loop that ends with the first success.
type pgConflict struct{}

func (pgConflict) Error() string { return "not tried yet" }

func TestWhatASettledBatchSaysAndWrites(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stocked(t, 1, 10)
	s.stocked(t, 2, 3)
	s.published(t)
	s.hear(t, s.placed(t, 1, line{1, 4}, line{2, 3}), s.placed(t, 2, line{2, 1}), cancelled(t, 3))
	got := s.outbox(t, events.ReservationTopic)
	want := []said{
		{kind: "StockReserved", key: orderID(1), version: 1},
		{kind: "StockRejected", key: orderID(2), version: 1},
		{kind: "StockReleased", key: orderID(3), version: 2},
	}
	if len(got) != len(want) {
		t.Fatalf("said %+v", got)
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
	// Product 2 ran out: told at once. Product 1 did not.
	levels := s.outbox(t, events.StockTopic)
	if len(levels) != 1 || levels[0].key != productID(2) {
		t.Fatalf("levels said at once: %+v", levels)
	}
	if level := decode(t, levels[0], &inventoryv1.StockLevelChanged{}); level.GetStock().GetAvailable() != 0 || level.GetStock().GetReserved() != 3 {
		t.Errorf("level %v", level)
	}

	s.published(t)
	s.hear(t, confirmed(t, 1))
	s.hear(t, cancelled(t, 1), cancelled(t, 2))
	got = s.outbox(t, events.ReservationTopic)
	want = []said{
		{kind: "StockCommitted", key: orderID(1), version: 2},
		{kind: "StockReleased", key: orderID(1), version: 3},
		{kind: "StockReleased", key: orderID(2), version: 1},
	}
	for i, w := range want {
		if got[i].kind != w.kind || got[i].key != w.key || got[i].version != w.version {
			t.Errorf("event %d: %+v, want %+v", i, got[i], w)
		}
	}
	if n := s.count(t, `select count(*) from movements where order_id = $1 and trace_id = $2 and actor = 'order'`,
		orderID(1), traced(1).TraceID().String()); n != 4 {
		t.Errorf("%d movements of the order with its trace, want 4", n)
	}
	s.wantConsistent(t)
}

// The same identity lets consumers and the relay see that it is the same event.
func TestAnOutcomeIsSaidAgainWithTheSameIdentity(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stocked(t, 1, 10)
	for _, step := range []events.OrderHeard{s.placed(t, 1, line{1, 2}), confirmed(t, 1), cancelled(t, 1), s.placed(t, 2, line{1, 99})} {
		s.published(t)
		s.hear(t, step)
		first := s.outbox(t, events.ReservationTopic)
		s.published(t)
		s.hear(t, step)
		again := s.outbox(t, events.ReservationTopic)
		if len(first) != 1 || len(again) != 1 || first[0].kind != again[0].kind || first[0].version != again[0].version ||
			first[0].key != again[0].key || string(first[0].payload) != string(again[0].payload) {
			t.Errorf("first %+v, again %+v", first, again)
		}
	}
}

func TestAProductThatIsNotKnownIsShort(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.hear(t, s.placed(t, 1, line{7, 2}))
	got := s.outbox(t, events.ReservationTopic)
	if len(got) != 1 || got[0].kind != "StockRejected" {
		t.Fatalf("said %+v", got)
	}
	short := decode(t, got[0], &inventoryv1.StockRejected{}).GetShortages()
	if len(short) != 1 || short[0].GetProductCode() != "P-7" || short[0].GetProductId() != productID(7).String() {
		t.Errorf("shortages %v", short)
	}
}

// A batch costs two round trips: one that locks and reads, one that writes and commits.
func TestABatchOfOrdersLocksReservationsAndStockInOneRead(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stocked(t, 1, 10)
	s.hear(t, s.placed(t, 1, line{1, 4}))
	// Order 1's product is found through its reservation.
	s.hear(t, confirmed(t, 1), s.placed(t, 2, line{1, 6}))
	if row := s.stock(t, 1); row.OnHand != 6 || row.Reserved != 6 || row.Version != 4 {
		t.Errorf("stock %+v, want one net change per batch", row)
	}
}

func TestStockNeverGoesBelowWhatIsReservedWhileOrdersAndAdjustmentsMeet(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stocked(t, 1, 50)
	var working sync.WaitGroup
	for n := range 8 {
		working.Go(func() {
			for i := range 5 {
				s.hear(t, s.placed(t, 100*n+i, line{1, 2}))
			}
		})
		working.Go(func() {
			for range 5 {
				_, err := s.adjust(t.Context(), numbered(9, rand.Int()), 1, -1)
				if err != nil && !strings.Contains(err.Error(), string(domain.ReasonStockInsufficient)) {
					t.Error(err)
				}
			}
		})
	}
	working.Wait()
	if row := s.stock(t, 1); row.Reserved > row.OnHand || row.Available() < 0 {
		t.Errorf("stock %+v", row)
	}
	s.wantConsistent(t)
}
