package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
)

// shop is the state that decisions are applied to, as the database would.
type shop struct {
	reservations map[uuid.UUID]domain.Reservation
	stock        map[uuid.UUID]domain.Stock
	ledger       []domain.Movement
	said         []domain.Outcome
	now          time.Time
}

func newShop(stock ...domain.Stock) *shop {
	s := &shop{
		reservations: map[uuid.UUID]domain.Reservation{},
		stock:        map[uuid.UUID]domain.Stock{},
		now:          time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	for _, row := range stock {
		s.stock[row.ProductID] = row
		s.ledger = append(s.ledger, domain.Movement{
			ProductID: row.ProductID, Kind: domain.Adjustment, Delta: row.OnHand, OnHandAfter: row.OnHand,
		})
	}
	return s
}

func (s *shop) hear(events ...domain.OrderEvent) ([]domain.Outcome, error) {
	s.now = s.now.Add(time.Second)
	d, err := domain.Decide(domain.Loaded{Reservations: s.reservations, Stock: s.stock}, events, s.now)
	if err != nil {
		return nil, err
	}
	for _, change := range d.Stock {
		if change.After.Version != change.Before.Version+1 {
			return nil, fmt.Errorf("stock goes from version %d to %d", change.Before.Version, change.After.Version)
		}
		s.stock[change.After.ProductID] = change.After
	}
	for _, r := range d.New {
		if _, known := s.reservations[r.OrderID]; known {
			return nil, fmt.Errorf("reservation %s is inserted twice", r.OrderID)
		}
		s.reservations[r.OrderID] = r
	}
	for _, r := range d.Changed {
		s.reservations[r.OrderID] = r
	}
	s.ledger = append(s.ledger, d.Movements...)
	s.said = append(s.said, d.Outcomes...)
	return d.Outcomes, nil
}

func (s *shop) mustHear(t *testing.T, events ...domain.OrderEvent) []domain.Outcome {
	t.Helper()
	said, err := s.hear(events...)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

func stockOf(product byte, onHand int64) domain.Stock {
	return domain.Stock{ProductID: id(product), ProductCode: fmt.Sprintf("P-%d", product), OnHand: onHand, Version: 1}
}

func wants(product byte, quantity int64) domain.Line {
	return domain.Line{ProductID: id(product), ProductCode: fmt.Sprintf("P-%d", product), Quantity: quantity}
}

func placed(order byte, lines ...domain.Line) domain.OrderEvent {
	return must(domain.NewPlaced(id(order), lines, time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC), "trace-placed"))
}

func confirmed(order byte) domain.OrderEvent {
	return must(domain.NewConfirmed(id(order), "trace-confirmed"))
}

func cancelled(order byte) domain.OrderEvent {
	return must(domain.NewCancelled(id(order), "trace-cancelled"))
}

func must(e domain.OrderEvent, err error) domain.OrderEvent {
	if err != nil {
		panic(err)
	}
	return e
}

type told struct {
	kind    domain.OutcomeKind
	version int64
}

// Each row of the order's way, in every state in which it may arrive.
func TestEveryOrderEventIsRightInEveryState(t *testing.T) {
	t.Parallel()
	order := byte(9)
	take := placed(order, wants(1, 2))
	toState := map[string][]domain.OrderEvent{
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
		event          domain.OrderEvent
		say            []told
		state          domain.State
		onHand, resvd  int64
		movementsAdded int
	}{
		{"none", take, []told{{domain.SaidReserved, 1}}, domain.Reserved, 10, 2, 0},
		{"none", confirmed(order), nil, 0, 10, 0, 0},
		{"none", cancelled(order), []told{{domain.SaidReleased, 2}}, domain.Released, 10, 0, 0},
		{"reserved", take, []told{{domain.SaidReserved, 1}}, domain.Reserved, 10, 2, 0},
		{"reserved", confirmed(order), []told{{domain.SaidCommitted, 2}}, domain.Committed, 8, 0, 1},
		{"reserved", cancelled(order), []told{{domain.SaidReleased, 2}}, domain.Released, 10, 0, 0},
		{"committed", take, []told{{domain.SaidCommitted, 2}}, domain.Committed, 8, 0, 0},
		{"committed", confirmed(order), []told{{domain.SaidCommitted, 2}}, domain.Committed, 8, 0, 0},
		{"committed", cancelled(order), []told{{domain.SaidReleased, 3}}, domain.Restocked, 10, 0, 1},
		{"released", take, []told{{domain.SaidReleased, 2}}, domain.Released, 10, 0, 0},
		{"released", confirmed(order), []told{{domain.SaidReleased, 2}}, domain.Released, 10, 0, 0},
		{"released", cancelled(order), []told{{domain.SaidReleased, 2}}, domain.Released, 10, 0, 0},
		{"restocked", take, []told{{domain.SaidReleased, 3}}, domain.Restocked, 10, 0, 0},
		{"restocked", confirmed(order), []told{{domain.SaidReleased, 3}}, domain.Restocked, 10, 0, 0},
		{"restocked", cancelled(order), []told{{domain.SaidReleased, 3}}, domain.Restocked, 10, 0, 0},
		{"tombstone", take, []told{{domain.SaidReleased, 2}}, domain.Released, 10, 0, 0},
		{"tombstone", confirmed(order), []told{{domain.SaidReleased, 2}}, domain.Released, 10, 0, 0},
		{"tombstone", cancelled(order), []told{{domain.SaidReleased, 2}}, domain.Released, 10, 0, 0},
		{"rejected", placed(order, wants(1, 99)), []told{{domain.SaidRejected, 1}}, domain.Rejected, 10, 0, 0},
		{"rejected", take, []told{{domain.SaidRejected, 1}}, domain.Rejected, 10, 0, 0},
		{"rejected", confirmed(order), []told{{domain.SaidRejected, 1}}, domain.Rejected, 10, 0, 0},
		{"rejected", cancelled(order), []told{{domain.SaidReleased, 1}}, domain.Rejected, 10, 0, 0},
	}
	for i, c := range cases {
		t.Run(fmt.Sprintf("%d from %s", i, c.from), func(t *testing.T) {
			t.Parallel()
			// In batches of their own, and all in one batch: the same end.
			apart, together := newShop(stockOf(1, 10)), newShop(stockOf(1, 10))
			for _, event := range toState[c.from] {
				apart.mustHear(t, event)
			}
			movements := len(apart.ledger)
			said := apart.mustHear(t, c.event)
			if len(said) != len(c.say) {
				t.Fatalf("said %v, want %v", said, c.say)
			}
			for j, o := range said {
				if o.Kind != c.say[j].kind || o.Version != c.say[j].version || o.OrderID != id(order) {
					t.Errorf("said %+v, want %+v", o, c.say[j])
				}
			}
			if got := len(apart.ledger) - movements; got != c.movementsAdded {
				t.Errorf("%d movements, want %d", got, c.movementsAdded)
			}
			together.mustHear(t, append(append([]domain.OrderEvent{}, toState[c.from]...), c.event)...)
			for name, s := range map[string]*shop{"apart": apart, "together": together} {
				row := s.stock[id(1)]
				if s.reservations[id(order)].State != c.state || row.OnHand != c.onHand || row.Reserved != c.resvd {
					t.Errorf("%s: state %v, on hand %d, reserved %d; want %v, %d, %d",
						name, s.reservations[id(order)].State, row.OnHand, row.Reserved, c.state, c.onHand, c.resvd)
				}
			}
		})
	}
}

func TestAllLinesAreReservedOrNone(t *testing.T) {
	t.Parallel()
	s := newShop(stockOf(1, 10), stockOf(2, 1))
	said := s.mustHear(t, placed(9, wants(1, 3), wants(2, 2), wants(3, 1)))
	if len(said) != 1 || said[0].Kind != domain.SaidRejected || len(said[0].Shortages) != 2 {
		t.Fatalf("said %+v, want one rejection with two shortages", said)
	}
	if got := said[0].Shortages[0]; got.ProductID != id(2) || got.Requested != 2 || got.Available != 1 || got.ProductCode != "P-2" {
		t.Errorf("first shortage %+v", got)
	}
	if got := said[0].Shortages[1]; got.ProductID != id(3) || got.Available != 0 {
		t.Errorf("a product without stock: %+v", got)
	}
	if s.stock[id(1)].Reserved != 0 || s.stock[id(1)].Version != 1 {
		t.Errorf("stock moved: %+v", s.stock[id(1)])
	}
}

func TestInOneBatchTheFirstOrderGetsTheLastPiece(t *testing.T) {
	t.Parallel()
	s := newShop(stockOf(1, 1))
	said := s.mustHear(t, placed(7, wants(1, 1)), placed(5, wants(1, 1)), cancelled(7), placed(6, wants(1, 1)))
	want := []struct {
		order byte
		kind  domain.OutcomeKind
	}{
		{7, domain.SaidReserved}, {5, domain.SaidRejected}, {7, domain.SaidReleased}, {6, domain.SaidReserved},
	}
	for i, w := range want {
		if said[i].OrderID != id(w.order) || said[i].Kind != w.kind || said[i].Cause != i {
			t.Errorf("outcome %d: %+v, want %+v", i, said[i], w)
		}
	}
	if row := s.stock[id(1)]; row.Reserved != 1 || row.Version != 2 {
		t.Errorf("one net change per row: %+v", row)
	}
}

func TestWhatIsSaidTwiceInOneBatchIsWrittenOnce(t *testing.T) {
	t.Parallel()
	s := newShop(stockOf(1, 5))
	said := s.mustHear(t, placed(9, wants(1, 1)), placed(9, wants(1, 1)), cancelled(9), placed(9, wants(1, 1)))
	if len(said) != 2 {
		t.Fatalf("said %+v, want StockReserved and StockReleased", said)
	}
}

func TestMovementsNameOrderTraceAndRunningTotal(t *testing.T) {
	t.Parallel()
	s := newShop(stockOf(1, 10), stockOf(2, 10))
	s.mustHear(t, placed(8, wants(1, 4), wants(2, 1)), placed(9, wants(1, 3)))
	s.mustHear(t, confirmed(8), confirmed(9), cancelled(8))
	got := s.ledger[2:]
	want := []struct {
		product, order byte
		delta, after   int64
		trace          string
	}{
		{1, 8, -4, 6, "trace-confirmed"}, {2, 8, -1, 9, "trace-confirmed"}, {1, 9, -3, 3, "trace-confirmed"},
		{1, 8, 4, 7, "trace-cancelled"}, {2, 8, 1, 10, "trace-cancelled"},
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

func TestAReservationIsNotAskedAboutBeforeItWasMade(t *testing.T) {
	t.Parallel()
	s := newShop(stockOf(1, 10))
	late := must(domain.NewPlaced(id(9), []domain.Line{wants(1, 1)}, s.now.Add(-time.Hour), ""))
	s.mustHear(t, late)
	if got := s.reservations[id(9)].ExpireTime; !got.Equal(s.now) {
		t.Errorf("expires %v, want %v", got, s.now)
	}
}

func TestContradictingStockIsAnErrorAndNoOversell(t *testing.T) {
	t.Parallel()
	reserved := domain.Reservation{OrderID: id(9), State: domain.Reserved, Version: 1, Lines: []domain.Line{wants(1, 2)}}
	for name, stock := range map[string]map[uuid.UUID]domain.Stock{
		"less is reserved than the reservation holds": {id(1): {ProductID: id(1), OnHand: 5, Reserved: 1}},
		"no stock at all": {},
	} {
		loaded := domain.Loaded{Reservations: map[uuid.UUID]domain.Reservation{id(9): reserved}, Stock: stock}
		for _, event := range []domain.OrderEvent{confirmed(9), cancelled(9)} {
			if _, err := domain.Decide(loaded, []domain.OrderEvent{event}, time.Now()); err == nil {
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
