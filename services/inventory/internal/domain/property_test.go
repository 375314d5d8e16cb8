package domain_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
)

const (
	products = 4
	orders   = 6
)

func drawHarness(t *rapid.T) *harness {
	rows := make([]domain.Stock, products)
	for p := range rows {
		rows[p] = stockOf(byte(p+1), rapid.Int64Range(0, 6).Draw(t, fmt.Sprintf("on hand %d", p)))
	}
	return newHarness(rows...)
}

// drawEvents draws any sequence, repetition and order of events of a few orders.
// What an order wants is fixed for the whole run, as it is in the world.
func drawEvents(t *rapid.T) []domain.InboundEvent {
	placedBy := make([]domain.InboundEvent, orders)
	for o := range placedBy {
		lines := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) domain.Line {
			// One product more than there is stock for.
			return wants(rapid.ByteRange(1, products+1).Draw(t, "product"), rapid.Int64Range(1, 3).Draw(t, "quantity"))
		}), 1, 3).Draw(t, "lines")
		placedBy[o] = placed(byte(100+o), lines...)
	}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) domain.InboundEvent {
		o := rapid.IntRange(0, orders-1).Draw(t, "order")
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return placedBy[o]
		case 1:
			return confirmed(byte(100 + o))
		default:
			return cancelled(byte(100 + o))
		}
	}), 1, 40).Draw(t, "events")
}

func drawBatches(t *rapid.T, events []domain.InboundEvent) [][]domain.InboundEvent {
	var batches [][]domain.InboundEvent
	for len(events) > 0 {
		n := rapid.IntRange(1, len(events)).Draw(t, "batch")
		batches = append(batches, events[:n])
		events = events[n:]
	}
	return batches
}

// check compares stock, reservations and ledger with each other.
func (s *harness) check(t *rapid.T) {
	reserved, sum := map[uuid.UUID]int64{}, map[uuid.UUID]int64{}
	byOrder := map[uuid.UUID]map[uuid.UUID]int64{}
	for _, m := range s.ledger {
		sum[m.ProductID] += m.Delta
		if sum[m.ProductID] < 0 || sum[m.ProductID] != m.OnHandAfter {
			t.Fatalf("ledger of %s: %d after %+v", m.ProductID, sum[m.ProductID], m)
		}
		if byOrder[m.OrderID] == nil {
			byOrder[m.OrderID] = map[uuid.UUID]int64{}
		}
		byOrder[m.OrderID][m.ProductID] += m.Delta
	}
	for _, kept := range s.reservations {
		r := kept.Snapshot()
		for _, line := range r.Lines {
			sold := int64(0)
			switch r.State {
			case domain.Reserved:
				reserved[line.ProductID] += line.Quantity
			case domain.Committed:
				sold = -line.Quantity
			}
			if got := byOrder[r.OrderID][line.ProductID]; got != sold {
				t.Fatalf("order %s is %v and its ledger has %d for a line of %d", r.OrderID, r.State, got, line.Quantity)
			}
		}
	}
	for _, kept := range s.stock {
		row := kept.Snapshot()
		if row.Reserved < 0 || row.OnHand < row.Reserved {
			t.Fatalf("stock %+v", row)
		}
		if row.Reserved != reserved[row.ProductID] || row.OnHand != sum[row.ProductID] {
			t.Fatalf("stock %+v, but %d are reserved by orders and the ledger sums to %d", row, reserved[row.ProductID], sum[row.ProductID])
		}
	}
}

func (s *harness) clone() *harness {
	c := *s
	c.reservations, c.stock, c.ledger = maps.Clone(s.reservations), maps.Clone(s.stock), slices.Clone(s.ledger)
	return &c
}

func TestAnySequenceOfEventsKeepsStockReservationsAndLedgerInAgreement(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawHarness(t)
		for _, batch := range drawBatches(t, drawEvents(t)) {
			if _, err := s.apply(batch...); err != nil {
				t.Fatal(err)
			}
			s.check(t)
		}
	})
}

func TestABatchAppliedTwiceChangesNothingMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawHarness(t)
		for _, batch := range drawBatches(t, drawEvents(t)) {
			// A confirmation that comes before its order is ignored, and is published
			// again later: here no batch holds one.
			batch = slices.DeleteFunc(slices.Clone(batch), func(e domain.InboundEvent) bool {
				_, known := s.reservations[e.OrderID()]
				return !known && len(e.Lines()) == 0 && !cancels(e)
			})
			if len(batch) == 0 {
				continue
			}
			if _, err := s.apply(batch...); err != nil {
				t.Fatal(err)
			}
			once := s.clone()
			if _, err := s.apply(batch...); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(once.reservations, s.reservations) || !reflect.DeepEqual(once.stock, s.stock) ||
				!reflect.DeepEqual(once.ledger, s.ledger) {
				t.Fatalf("applied again, the batch changed something:\n%+v\n%+v", once, s)
			}
		}
	})
}

func cancels(e domain.InboundEvent) bool {
	return reflect.DeepEqual(e, must(domain.NewCancelled(e.OrderID(), traceparent("cancelled"))))
}

func TestBatchesDecideAsSingleEventsDo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		batched := drawHarness(t)
		single := batched.clone()
		for _, batch := range drawBatches(t, drawEvents(t)) {
			if _, err := batched.apply(batch...); err != nil {
				t.Fatal(err)
			}
			for _, event := range batch {
				if _, err := single.apply(event); err != nil {
					t.Fatal(err)
				}
			}
			for product, row := range batched.stock {
				other := single.stock[product]
				if row.OnHand() != other.OnHand() || row.Reserved() != other.Reserved() {
					t.Fatalf("batched %+v, one by one %+v", row, other)
				}
			}
			for order, r := range batched.reservations {
				if other := single.reservations[order]; r.State() != other.State() || r.Snapshot().Version != other.Snapshot().Version {
					t.Fatalf("batched %+v, one by one %+v", r, other)
				}
			}
		}
	})
}

func TestReleaseAfterCommitRestocksExactlyOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newHarness(stockOf(1, 10))
		events := []domain.InboundEvent{placed(9, wants(1, 3)), confirmed(9)}
		for range rapid.IntRange(1, 5).Draw(t, "cancellations") {
			events = append(events, cancelled(9))
			if rapid.Bool().Draw(t, "confirmed again") {
				events = append(events, confirmed(9))
			}
			if rapid.Bool().Draw(t, "placed again") {
				events = append(events, placed(9, wants(1, 3)))
			}
		}
		for _, batch := range drawBatches(t, events) {
			if _, err := s.apply(batch...); err != nil {
				t.Fatal(err)
			}
		}
		restocks := 0
		for _, m := range s.ledger {
			if m.Kind == domain.Restock {
				restocks++
			}
		}
		if restocks != 1 || s.stock[id(1)].OnHand() != 10 || s.reservations[id(9)].State() != domain.Restocked {
			t.Fatalf("%d restocks, stock %+v", restocks, s.stock[id(1)])
		}
	})
}
