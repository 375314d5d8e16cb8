package app_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/app"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
)

// lastUnits makes products 1 to n known, with one piece of each on hand.
func (h *harness) lastUnits(t *testing.T, n int) {
	t.Helper()
	products := make([]domain.Product, n)
	for i := range products {
		products[i] = product(t, i+1, domain.Active, 0)
	}
	h.in(t, func(ctx context.Context, tx *pg.Tx) error { return h.AddProducts(ctx, tx, products) })
	if _, err := h.pool.Exec(t.Context(), `
		with counted as (update stock set on_hand = 1, version = version + 1 returning product_id)
		insert into movements (product_id, kind, delta, on_hand_after, reason, actor, trace_id, create_time)
		select product_id, 1, 1, 1, 'counted', 'owner', '', now() from counted`); err != nil {
		t.Fatal(err)
	}
	h.emptyOutbox(t)
}

// applyAll has each replica apply its batches, all replicas at once, and retries what a
// consumer retries.
func (h *harness) applyAll(t *testing.T, batches [][][]domain.InboundEvent) {
	t.Helper()
	var applying sync.WaitGroup
	begin := make(chan struct{})
	for _, mine := range batches {
		replica := h.replica(t)
		applying.Go(func() {
			<-begin
			for _, batch := range mine {
				if err := applyBatch(t, replica, batch); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	close(begin)
	applying.Wait()
}

func applyBatch(t *testing.T, replica *app.Stocks, batch []domain.InboundEvent) error {
	for {
		err := replica.Pool.Hot().InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
			return replica.ApplyOrders(ctx, tx, batch)
		})
		// As a consumer does: a transaction whose time ran out is tried again, too.
		if err == nil || !pg.Transient(err) && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
}

// spread deals events out to replicas, in batches of at most size.
func spread(all []domain.InboundEvent, replicas, size int) [][][]domain.InboundEvent {
	dealt := make([][]domain.InboundEvent, replicas)
	for i, e := range all {
		dealt[i%replicas] = append(dealt[i%replicas], e)
	}
	batches := make([][][]domain.InboundEvent, replicas)
	for i, mine := range dealt {
		batches[i] = slices.Collect(slices.Chunk(mine, size))
	}
	return batches
}

// A thousand times, between 8 and 32 buyers want the last piece of a product at
// once, through four processes: one gets it, all others are rejected.
// The rounds share batches, as orders do under load, so that the processes also meet
// in whatever else their batches lock.
func TestTheLastPieceIsSoldOnceInAThousandRaces(t *testing.T) {
	t.Parallel()
	const rounds, replicas = 1000, 4
	h := newHarness(t)
	h.lastUnits(t, rounds)
	// Rounds that are near each other overlap; who is first of a round differs.
	random := rand.New(rand.NewPCG(1, 2))
	var all []domain.InboundEvent
	round := map[uuid.UUID]int{}
	process := map[uuid.UUID]int{}
	for r := 1; r <= rounds; r++ {
		for range 8 + r%25 {
			n := len(round)
			round[orderID(n)] = r
			all = append(all, h.placed(t, n, line{r, 1}))
		}
	}
	for window := range slices.Chunk(all, 600) {
		random.Shuffle(len(window), func(i, j int) { window[i], window[j] = window[j], window[i] })
	}
	for i, e := range all {
		process[e.OrderID()] = i % replicas
	}
	h.applyAll(t, spread(all, replicas, 150))

	sold, refused := map[int]int{}, map[int]int{}
	winners := map[int]int{}
	for _, e := range h.outbox(t, events.ReservationTopic) {
		switch r := round[e.key]; e.kind {
		case "StockReserved":
			sold[r]++
			winners[process[e.key]]++
		case "StockRejected":
			refused[r]++
		default:
			t.Fatalf("inventory published %s", e.kind)
		}
	}
	for r := 1; r <= rounds; r++ {
		if buyers := 8 + r%25; sold[r] != 1 || refused[r] != buyers-1 {
			t.Errorf("round %d: %d of %d buyers got the last piece, %d were refused", r, sold[r], buyers, refused[r])
		}
	}
	if len(winners) < 2 {
		t.Errorf("only buyers through one process won: %v: that was no race", winners)
	}
	if n := h.count(t, `select count(*) from stock where on_hand <> 1 or reserved <> 1`); n != 0 {
		t.Errorf("%d products hold something else than one reserved piece", n)
	}
	h.wantConsistent(t)
}

// The one who has the last piece cancels while others want it: whoever comes after
// the cancellation may have it, nobody before, and a piece that nobody took is there
// again.
func TestACancelledLastPieceGoesToTheNextOrComesBack(t *testing.T) {
	t.Parallel()
	const rounds, buyers, replicas = 200, 8, 3
	h := newHarness(t)
	h.lastUnits(t, rounds)
	var first, second []domain.InboundEvent
	round := map[uuid.UUID]int{}
	for r := 1; r <= rounds; r++ {
		holder := r * 100
		first = append(first, h.placed(t, holder, line{r, 1}))
		if r%2 == 0 {
			first = append(first, confirmed(t, holder))
		}
		// Before one of the buyers, or after all: both ends are met even where the
		// replicas happen to work one after the other.
		before := r % (buyers + 1)
		for b := range buyers {
			if b == before {
				second = append(second, cancelled(t, holder))
			}
			round[orderID(holder+1+b)] = r
			second = append(second, h.placed(t, holder+1+b, line{r, 1}))
		}
		if before == buyers {
			second = append(second, cancelled(t, holder))
		}
	}
	h.applyAll(t, spread(first, 1, 100))
	h.emptyOutbox(t)
	h.applyAll(t, spread(second, replicas, 40))

	sold, released := map[int]int{}, 0
	for _, e := range h.outbox(t, events.ReservationTopic) {
		switch e.kind {
		case "StockReserved":
			sold[round[e.key]]++
		case "StockReleased":
			released++
		}
	}
	if released != rounds {
		t.Errorf("%d of %d cancelled pieces came back", released, rounds)
	}
	passedOn := 0
	for r := 1; r <= rounds; r++ {
		stock := h.stock(t, r)
		if sold[r] > 1 || stock.OnHand() != 1 || stock.Reserved() != int64(sold[r]) {
			t.Errorf("round %d: %d got the piece, stock %+v", r, sold[r], stock)
		}
		passedOn += sold[r]
	}
	if passedOn == 0 || passedOn == rounds {
		t.Errorf("%d of %d pieces went to the next: that was no race", passedOn, rounds)
	}
	h.wantConsistent(t)
}

// A tombstone and its order meet in two processes: whichever commits first, nothing
// stays reserved, and StockReleased is published.
func TestAnOrderAndItsCancellationInTwoProcessesLeaveNothingReserved(t *testing.T) {
	t.Parallel()
	const rounds = 300
	h := newHarness(t)
	h.stocked(t, 1, rounds)
	h.emptyOutbox(t)
	var placed, gone []domain.InboundEvent
	for r := range rounds {
		placed, gone = append(placed, h.placed(t, r, line{1, 1})), append(gone, cancelled(t, r))
	}
	chunks := func(all []domain.InboundEvent) [][]domain.InboundEvent { return slices.Collect(slices.Chunk(all, 7)) }
	h.applyAll(t, [][][]domain.InboundEvent{chunks(placed), chunks(gone)})
	last := map[uuid.UUID]string{}
	var reserved int
	for _, e := range h.outbox(t, events.ReservationTopic) {
		last[e.key] = e.kind
		if e.kind == "StockReserved" {
			reserved++
		}
	}
	for key, kind := range last {
		if kind != "StockReleased" {
			t.Errorf("the last event of %s is %s", key, kind)
		}
	}
	if row := h.stock(t, 1); row.Reserved() != 0 || row.OnHand() != rounds || len(last) != rounds {
		t.Errorf("stock %+v, %d orders", row, len(last))
	}
	t.Logf("%d of %d orders came before their cancellation", reserved, rounds)
	h.wantConsistent(t)
}
