package domain_test

import (
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
)

// harness is the state that decisions are applied to, as the database would.
type harness struct {
	reservations map[uuid.UUID]domain.Reservation
	stock        map[uuid.UUID]domain.Stock
	ledger       []domain.Movement
	published    []domain.Event
	now          time.Time
}

func newHarness(stock ...domain.Stock) *harness {
	s := &harness{
		reservations: map[uuid.UUID]domain.Reservation{},
		stock:        map[uuid.UUID]domain.Stock{},
		now:          time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	for _, row := range stock {
		s.stock[row.ProductID()] = row
		s.ledger = append(s.ledger, domain.Movement{
			ProductID: row.ProductID(), Kind: domain.Adjustment, Delta: row.OnHand(), OnHandAfter: row.OnHand(),
		})
	}
	return s
}

func (s *harness) apply(events ...domain.InboundEvent) ([]domain.Event, error) {
	s.now = s.now.Add(time.Second)
	d, err := domain.Decide(domain.Loaded{Reservations: s.reservations, Stock: s.stock}, events, s.now)
	if err != nil {
		return nil, err
	}
	for _, change := range d.Stock {
		if change.After.Version() != change.Before.Version()+1 {
			return nil, fmt.Errorf("stock goes from version %d to %d", change.Before.Version(), change.After.Version())
		}
		s.stock[change.After.ProductID()] = change.After
	}
	for _, r := range d.New {
		if _, known := s.reservations[r.OrderID()]; known {
			return nil, fmt.Errorf("reservation %s is inserted twice", r.OrderID())
		}
		s.reservations[r.OrderID()] = r
	}
	for _, r := range d.Changed {
		s.reservations[r.OrderID()] = r
	}
	s.ledger = append(s.ledger, d.Movements...)
	s.published = append(s.published, d.Events...)
	return d.Events, nil
}

func (s *harness) mustApply(t *testing.T, events ...domain.InboundEvent) []domain.Event {
	t.Helper()
	published, err := s.apply(events...)
	if err != nil {
		t.Fatal(err)
	}
	return published
}

func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

func stockOf(product byte, onHand int64) domain.Stock {
	return domain.RestoreStock(domain.StockSnapshot{ProductID: id(product), ProductCode: fmt.Sprintf("P-%d", product), OnHand: onHand, Version: 1})
}

func wants(product byte, quantity int64) domain.Line {
	return domain.Line{ProductID: id(product), ProductCode: fmt.Sprintf("P-%d", product), Quantity: quantity}
}

func placed(order byte, lines ...domain.Line) domain.InboundEvent {
	return must(domain.NewPlaced(id(order), lines, time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC), traceparent("placed")))
}

func confirmed(order byte) domain.InboundEvent {
	return must(domain.NewConfirmed(id(order), traceparent("confirmed")))
}

func cancelled(order byte) domain.InboundEvent {
	return must(domain.NewCancelled(id(order), traceparent("cancelled")))
}

// traceID is the trace of the events of a kind, traceparent what events carry of it.
func traceID(kind string) string { return fmt.Sprintf("%032s", hex.EncodeToString([]byte(kind))) }

func traceparent(kind string) string { return "00-" + traceID(kind) + "-0000000000000001-01" }

func must(e domain.InboundEvent, err error) domain.InboundEvent {
	if err != nil {
		panic(err)
	}
	return e
}

type published struct {
	kind    domain.EventKind
	version int64
}

// Each row of the order's way, in every state in which it may arrive.
func TestEveryOrderEventIsRightInEveryState(t *testing.T) {
	t.Parallel()
	order := byte(9)
	take := placed(order, wants(1, 2))
	toState := map[string][]domain.InboundEvent{
		"none":      nil,
		"reserved":  {take},
		"committed": {take, confirmed(order)},
		"released":  {take, cancelled(order)},
		"restocked": {take, confirmed(order), cancelled(order)},
		"tombstone": {cancelled(order)},
		"rejected":  {placed(order, wants(1, 99))},
	}
	cases := []struct {
		from           string
		event          domain.InboundEvent
		events         []published
		state          domain.State
		onHand, resvd  int64
		movementsAdded int
	}{
		{"none", take, []published{{domain.StockReserved, 1}}, domain.Reserved, 10, 2, 0},
		{"none", confirmed(order), nil, 0, 10, 0, 0},
		{"none", cancelled(order), []published{{domain.StockReleased, 2}}, domain.Released, 10, 0, 0},
		{"reserved", take, []published{{domain.StockReserved, 1}}, domain.Reserved, 10, 2, 0},
		{"reserved", confirmed(order), []published{{domain.StockCommitted, 2}}, domain.Committed, 8, 0, 1},
		{"reserved", cancelled(order), []published{{domain.StockReleased, 2}}, domain.Released, 10, 0, 0},
		{"committed", take, []published{{domain.StockCommitted, 2}}, domain.Committed, 8, 0, 0},
		{"committed", confirmed(order), []published{{domain.StockCommitted, 2}}, domain.Committed, 8, 0, 0},
		{"committed", cancelled(order), []published{{domain.StockReleased, 3}}, domain.Restocked, 10, 0, 1},
		{"released", take, []published{{domain.StockReleased, 2}}, domain.Released, 10, 0, 0},
		{"released", confirmed(order), []published{{domain.StockReleased, 2}}, domain.Released, 10, 0, 0},
		{"released", cancelled(order), []published{{domain.StockReleased, 2}}, domain.Released, 10, 0, 0},
		{"restocked", take, []published{{domain.StockReleased, 3}}, domain.Restocked, 10, 0, 0},
		{"restocked", confirmed(order), []published{{domain.StockReleased, 3}}, domain.Restocked, 10, 0, 0},
		{"restocked", cancelled(order), []published{{domain.StockReleased, 3}}, domain.Restocked, 10, 0, 0},
		{"tombstone", take, []published{{domain.StockReleased, 2}}, domain.Released, 10, 0, 0},
		{"tombstone", confirmed(order), []published{{domain.StockReleased, 2}}, domain.Released, 10, 0, 0},
		{"tombstone", cancelled(order), []published{{domain.StockReleased, 2}}, domain.Released, 10, 0, 0},
		{"rejected", placed(order, wants(1, 99)), []published{{domain.StockRejected, 1}}, domain.Rejected, 10, 0, 0},
		{"rejected", take, []published{{domain.StockRejected, 1}}, domain.Rejected, 10, 0, 0},
		{"rejected", confirmed(order), []published{{domain.StockRejected, 1}}, domain.Rejected, 10, 0, 0},
		{"rejected", cancelled(order), []published{{domain.StockReleased, 1}}, domain.Rejected, 10, 0, 0},
	}
	for i, c := range cases {
		t.Run(fmt.Sprintf("%d from %s", i, c.from), func(t *testing.T) {
			t.Parallel()
			// In batches of their own, and all in one batch: the same end.
			apart, together := newHarness(stockOf(1, 10)), newHarness(stockOf(1, 10))
			for _, event := range toState[c.from] {
				apart.mustApply(t, event)
			}
			movements := len(apart.ledger)
			published := apart.mustApply(t, c.event)
			if len(published) != len(c.events) {
				t.Fatalf("published %v, want %v", published, c.events)
			}
			for j, o := range published {
				if o.Kind != c.events[j].kind || o.Version != c.events[j].version || o.OrderID != id(order) {
					t.Errorf("published %+v, want %+v", o, c.events[j])
				}
			}
			if got := len(apart.ledger) - movements; got != c.movementsAdded {
				t.Errorf("%d movements, want %d", got, c.movementsAdded)
			}
			together.mustApply(t, append(append([]domain.InboundEvent{}, toState[c.from]...), c.event)...)
			for name, s := range map[string]*harness{"apart": apart, "together": together} {
				row := s.stock[id(1)]
				if s.reservations[id(order)].State() != c.state || row.OnHand() != c.onHand || row.Reserved() != c.resvd {
					t.Errorf("%s: state %v, on hand %d, reserved %d; want %v, %d, %d",
						name, s.reservations[id(order)].State(), row.OnHand(), row.Reserved(), c.state, c.onHand, c.resvd)
				}
			}
		})
	}
}

func TestAllLinesAreReservedOrNone(t *testing.T) {
	t.Parallel()
	s := newHarness(stockOf(1, 10), stockOf(2, 1))
	published := s.mustApply(t, placed(9, wants(1, 3), wants(2, 2), wants(3, 1)))
	if len(published) != 1 || published[0].Kind != domain.StockRejected || len(published[0].Shortages) != 2 {
		t.Fatalf("published %+v, want one rejection with two shortages", published)
	}
	if got := published[0].Shortages[0]; got.ProductID != id(2) || got.Requested != 2 || got.Available != 1 || got.ProductCode != "P-2" {
		t.Errorf("first shortage %+v", got)
	}
	if got := published[0].Shortages[1]; got.ProductID != id(3) || got.Available != 0 {
		t.Errorf("a product without stock: %+v", got)
	}
	if s.stock[id(1)].Reserved() != 0 || s.stock[id(1)].Version() != 1 {
		t.Errorf("stock moved: %+v", s.stock[id(1)])
	}
}

func TestInOneBatchTheFirstOrderGetsTheLastPiece(t *testing.T) {
	t.Parallel()
	s := newHarness(stockOf(1, 1))
	published := s.mustApply(t, placed(7, wants(1, 1)), placed(5, wants(1, 1)), cancelled(7), placed(6, wants(1, 1)))
	want := []struct {
		order  byte
		kind   domain.EventKind
		answer string
	}{
		{7, domain.StockReserved, "placed"}, {5, domain.StockRejected, "placed"},
		{7, domain.StockReleased, "cancelled"}, {6, domain.StockReserved, "placed"},
	}
	for i, w := range want {
		if published[i].OrderID != id(w.order) || published[i].Kind != w.kind || published[i].Traceparent != traceparent(w.answer) {
			t.Errorf("event %d: %+v, want %+v", i, published[i], w)
		}
	}
	if row := s.stock[id(1)]; row.Reserved() != 1 || row.Version() != 2 {
		t.Errorf("one net change per row: %+v", row)
	}
}

func TestAnEventThatIsPublishedTwiceInOneBatchIsWrittenOnce(t *testing.T) {
	t.Parallel()
	s := newHarness(stockOf(1, 5))
	published := s.mustApply(t, placed(9, wants(1, 1)), placed(9, wants(1, 1)), cancelled(9), placed(9, wants(1, 1)))
	if len(published) != 2 {
		t.Fatalf("published %+v, want StockReserved and StockReleased", published)
	}
}

func TestMovementsNameOrderTraceAndRunningTotal(t *testing.T) {
	t.Parallel()
	s := newHarness(stockOf(1, 10), stockOf(2, 10))
	s.mustApply(t, placed(8, wants(1, 4), wants(2, 1)), placed(9, wants(1, 3)))
	s.mustApply(t, confirmed(8), confirmed(9), cancelled(8))
	got := s.ledger[2:]
	want := []struct {
		product, order byte
		delta, after   int64
		trace          string
	}{
		{1, 8, -4, 6, traceID("confirmed")}, {2, 8, -1, 9, traceID("confirmed")}, {1, 9, -3, 3, traceID("confirmed")},
		{1, 8, 4, 7, traceID("cancelled")}, {2, 8, 1, 10, traceID("cancelled")},
	}
	if len(got) != len(want) {
		t.Fatalf("%d movements, want %d", len(got), len(want))
	}
	for i, w := range want {
		m := got[i]
		if m.ProductID != id(w.product) || m.OrderID != id(w.order) || m.Delta != w.delta || m.OnHandAfter != w.after ||
			m.TraceID != w.trace || m.Actor != "order" {
			t.Errorf("movement %d: %+v, want %+v", i, m, w)
		}
	}
}

func TestAReservationIsNotRepublishedBeforeItWasMade(t *testing.T) {
	t.Parallel()
	s := newHarness(stockOf(1, 10))
	late := must(domain.NewPlaced(id(9), []domain.Line{wants(1, 1)}, s.now.Add(-time.Hour), ""))
	s.mustApply(t, late)
	if got := s.reservations[id(9)].Snapshot().ExpireTime; !got.Equal(s.now) {
		t.Errorf("expires %v, want %v", got, s.now)
	}
}

func TestContradictingStockIsAnErrorAndNoOversell(t *testing.T) {
	t.Parallel()
	reserved := domain.RestoreReservation(domain.ReservationSnapshot{
		OrderID: id(9), State: domain.Reserved, Version: 1, Lines: []domain.Line{wants(1, 2)},
	})
	for name, stock := range map[string]map[uuid.UUID]domain.Stock{
		"less is reserved than the reservation holds": {id(1): domain.RestoreStock(domain.StockSnapshot{ProductID: id(1), OnHand: 5, Reserved: 1})},
		"no stock at all": {},
	} {
		loaded := domain.Loaded{Reservations: map[uuid.UUID]domain.Reservation{id(9): reserved}, Stock: stock}
		for _, event := range []domain.InboundEvent{confirmed(9), cancelled(9)} {
			if _, err := domain.Decide(loaded, []domain.InboundEvent{event}, time.Now()); err == nil {
				t.Errorf("%s: decided without an error", name)
			}
		}
	}
}

func TestPlacedOrdersAreRefusedWhenTheyMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string][]domain.Line{
		"no lines":          nil,
		"no product":        {{Quantity: 1}},
		"nothing":           {wants(1, 0)},
		"less than nothing": {wants(1, -1)},
		"too much":          {wants(1, 1<<31-1), wants(1, 1)},
	} {
		if _, err := domain.NewPlaced(id(1), lines, time.Now(), ""); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := domain.NewPlaced(uuid.Nil, []domain.Line{wants(1, 1)}, time.Now(), ""); err == nil {
		t.Error("an order without an id was accepted")
	}
	event := must(domain.NewPlaced(id(1), []domain.Line{wants(2, 1), wants(1, 2), wants(2, 3)}, time.Now(), ""))
	if lines := event.Lines(); len(lines) != 2 || lines[0] != wants(1, 2) || lines[1] != wants(2, 4) {
		t.Errorf("lines %+v, want each product once, by id", lines)
	}
}
