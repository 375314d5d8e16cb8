// Package sim runs inventory's own decisions and translations of events on a store
// in memory, for the simulation of the whole shop. What ships does not import it.
//
// Every operation is one transaction. It returns what the transaction says and a
// function that commits it; one that is not committed did not happen.
package sim

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
)

// Topics are those that inventory hears.
var Topics = []string{events.OrderTopic, events.ProductTopic}

// Config is what inventory stands on.
type Config struct {
	Now  func() time.Time
	Bugs Bugs
}

// Bugs are mistakes that a test plants in the store, to see that they are found.
type Bugs struct {
	// ForgetRelease gives the stock of a cancelled order back and leaves the
	// reservation as it was, so that the next cancellation gives it back again.
	ForgetRelease bool
	// StaleStock decides on stock as it was before its last change.
	StaleStock bool
	// HearOnce ignores an event that came before, so that nothing is answered again.
	HearOnce bool
}

// Store is inventory: its tables and its decisions.
type Store struct {
	cfg    Config
	handle consumer.Handler

	stock        map[uuid.UUID]domain.Stock
	before       map[uuid.UUID]domain.Stock // as it was before its last change
	reservations map[uuid.UUID]domain.Reservation
	ledger       []domain.Movement
	// Ids in the order in which they came, so that every run walks the same way.
	products, orders []uuid.UUID

	mark  time.Time // of the pass that asks
	heard map[string]bool
	seen  map[uuid.UUID]watched

	// levels are the products whose level is to be announced; in the process' memory.
	levels map[uuid.UUID]bool

	hearing *tx
}

// tx gathers what a transaction does, and what it decided on.
type tx struct {
	said   []outbox.Event
	writes []func()
	fresh  map[uuid.UUID]domain.Stock // stock that the transaction made
}

func (t *tx) commit() {
	for _, write := range t.writes {
		write()
	}
}

// New returns an inventory that knows no product.
func New(cfg Config) *Store {
	s := &Store{
		cfg: cfg, stock: map[uuid.UUID]domain.Stock{}, before: map[uuid.UUID]domain.Stock{},
		reservations: map[uuid.UUID]domain.Reservation{}, heard: map[string]bool{}, seen: map[uuid.UUID]watched{},
		levels: map[uuid.UUID]bool{},
	}
	s.handle = events.Handler(events.Uses{KnowProducts: s.knowProducts, SettleOrders: s.settleOrders})
	return s
}

func (s *Store) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

// Hear applies a batch of events.
func (s *Store) Hear(batch []consumer.Event) (said []outbox.Event, commit func(), err error) {
	t := &tx{fresh: map[uuid.UUID]domain.Stock{}}
	if s.cfg.Bugs.HearOnce {
		batch = slices.DeleteFunc(slices.Clone(batch), func(e consumer.Event) bool { return s.heard[e.ID] })
		for _, e := range batch {
			t.writes = append(t.writes, func() { s.heard[e.ID] = true })
		}
	}
	s.hearing = t
	defer func() { s.hearing = nil }()
	if err := s.handle(context.Background(), nil, batch); err != nil {
		return nil, nil, err
	}
	return t.said, t.commit, nil
}

func (s *Store) knowProducts(_ context.Context, _ *pg.Tx, products []domain.Product) error {
	for _, p := range products {
		_, known := s.stock[p.ID]
		if _, fresh := s.hearing.fresh[p.ID]; known || fresh {
			continue
		}
		made := domain.NewStock(p, s.now())
		s.hearing.fresh[p.ID] = made
		s.hearing.writes = append(s.hearing.writes, func() { s.set(made) })
		s.hearing.said = append(s.hearing.said, events.LevelChanged(made))
	}
	return nil
}

func (s *Store) set(next domain.Stock) {
	if known, ok := s.stock[next.ProductID]; ok {
		s.before[next.ProductID] = known
	} else {
		s.products = append(s.products, next.ProductID)
	}
	s.stock[next.ProductID] = next
}

func (s *Store) settleOrders(_ context.Context, _ *pg.Tx, heard []events.OrderHeard) error {
	orders := make([]domain.OrderEvent, len(heard))
	for i, h := range heard {
		orders[i] = h.OrderEvent
	}
	decision, err := domain.Decide(s.load(orders), orders, s.now())
	if err != nil {
		return err
	}
	t := s.hearing
	t.writes = append(t.writes, func() { s.write(decision) })
	for _, outcome := range decision.Outcomes {
		t.said = append(t.said, events.Said(outcome))
	}
	levels := decision.Levels()
	t.said = append(t.said, events.LevelsChanged(levels.Now)...)
	t.writes = append(t.writes, func() {
		for _, id := range append(levels.Soon, levels.Later...) {
			s.levels[id] = true
		}
	})
	return nil
}

// load reads the reservations of orders, and the stock that they name.
func (s *Store) load(orders []domain.OrderEvent) domain.Loaded {
	loaded := domain.Loaded{Reservations: map[uuid.UUID]domain.Reservation{}, Stock: map[uuid.UUID]domain.Stock{}}
	add := func(lines []domain.Line) {
		for _, line := range lines {
			row, known := s.hearing.fresh[line.ProductID]
			if !known {
				row, known = s.stock[line.ProductID]
			}
			if old, changed := s.before[line.ProductID]; changed && s.cfg.Bugs.StaleStock {
				row = old
			}
			if known {
				loaded.Stock[line.ProductID] = row
			}
		}
	}
	for _, order := range orders {
		add(order.Lines())
		if r, known := s.reservations[order.OrderID()]; known {
			loaded.Reservations[order.OrderID()] = r
			add(r.Lines)
		}
	}
	return loaded
}

func (s *Store) write(d domain.Decision) {
	for _, change := range d.Stock {
		s.set(change.After)
	}
	for _, r := range append(slices.Clone(d.New), d.Changed...) {
		if s.cfg.Bugs.ForgetRelease && r.State == domain.Released && len(r.Lines) > 0 {
			continue
		}
		if _, known := s.reservations[r.OrderID]; !known {
			s.orders = append(s.orders, r.OrderID)
		}
		s.reservations[r.OrderID] = r
	}
	s.ledger = append(s.ledger, d.Movements...)
}

// Adjust adds delta to what is on hand of a product; false when that is refused or
// the product is not known here yet.
func (s *Store) Adjust(product uuid.UUID, delta int64) (said []outbox.Event, commit func(), done bool) {
	row, known := s.stock[product]
	if !known {
		return nil, nil, false
	}
	after, err := row.Adjust(delta, s.now())
	if err != nil {
		return nil, nil, false
	}
	return []outbox.Event{events.LevelChanged(after)}, func() {
		s.set(after)
		s.ledger = append(s.ledger, domain.Movement{
			ProductID: product, ProductCode: after.ProductCode, Kind: domain.Adjustment, Delta: delta,
			OnHandAfter: after.OnHand, Actor: "staff", CreateTime: after.UpdateTime,
		})
	}, true
}

// LevelsWait says whether levels are to be announced.
func (s *Store) LevelsWait() bool { return len(s.levels) > 0 }

// AnnounceLevels announces the levels that changed in this process.
func (s *Store) AnnounceLevels() (said []outbox.Event, commit func()) {
	return events.LevelsChanged(s.sorted(func(row domain.Stock) bool { return s.levels[row.ProductID] })),
		func() { clear(s.levels) }
}

// Restart loses what the process had in memory, and announces every level anew:
// all that happens here lies in the window of a day that is announced.
func (s *Store) Restart() (said []outbox.Event, commit func()) {
	clear(s.levels)
	return events.LevelsChanged(s.sorted(func(domain.Stock) bool { return true })), func() {}
}

func (s *Store) sorted(which func(domain.Stock) bool) []domain.Stock {
	var rows []domain.Stock
	for _, id := range s.products {
		if row := s.stock[id]; which(row) {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b domain.Stock) int { return bytes.Compare(a.ProductID[:], b.ProductID[:]) })
	return rows
}

// Overdue is the earliest expiry of a reservation that is still held; zero when
// none is.
func (s *Store) Overdue() time.Time {
	var first time.Time
	for _, r := range s.reservations {
		if r.State == domain.Reserved && (first.IsZero() || r.ExpireTime.Before(first)) {
			first = r.ExpireTime
		}
	}
	return first
}

// AskExpired asks order about the reservations that outlived their orders, from
// the mark of the last pass on, and names their orders.
func (s *Store) AskExpired() (asked []uuid.UUID, said []outbox.Event, commit func()) {
	until := domain.AskUntil(s.now())
	var expired []domain.Expired
	for _, r := range s.reservations {
		if r.State == domain.Reserved && !r.ExpireTime.Before(s.mark) && !r.ExpireTime.After(until) {
			expired = append(expired, domain.Expired{
				OrderID: r.OrderID, Version: r.Version, ExpireTime: r.ExpireTime, MadeTime: r.UpdateTime,
			})
		}
	}
	slices.SortFunc(expired, func(a, b domain.Expired) int {
		if c := a.ExpireTime.Compare(b.ExpireTime); c != 0 {
			return c
		}
		return bytes.Compare(a.OrderID[:], b.OrderID[:])
	})
	for _, e := range expired {
		asked = append(asked, e.OrderID)
		said = append(said, events.Said(e.Question()))
	}
	mark := domain.Settled(until, expired)
	return asked, said, func() {
		if mark.After(s.mark) {
			s.mark = mark
		}
	}
}
