// Package sim runs inventory's own decisions and translations of events on a store
// in memory, for the simulation of the whole shop. What ships does not import it.
//
// Every operation is one transaction. It returns what the transaction publishes and a
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

// Topics are those that inventory consumes.
var Topics = []string{events.OrderTopic, events.ProductTopic}

// Config is what the store needs.
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
	// HandleOnce ignores an event that came before, so that no answer is published again.
	HandleOnce bool
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

	mark    time.Time // of the pass over expired reservations
	handled map[string]bool
	seen    map[uuid.UUID]watched

	// levels are the products whose level is to be published; in the process' memory.
	levels map[uuid.UUID]bool

	current *tx
}

// tx gathers what a transaction does, and what it decided on.
type tx struct {
	events []outbox.Event
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
		reservations: map[uuid.UUID]domain.Reservation{}, handled: map[string]bool{}, seen: map[uuid.UUID]watched{},
		levels: map[uuid.UUID]bool{},
	}
	s.handle = events.NewHandler(events.Handlers{AddProducts: s.addProducts, ApplyOrders: s.applyOrders})
	return s
}

func (s *Store) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

// Handle applies a batch of events.
func (s *Store) Handle(batch []consumer.Event) (published []outbox.Event, commit func(), err error) {
	t := &tx{fresh: map[uuid.UUID]domain.Stock{}}
	if s.cfg.Bugs.HandleOnce {
		batch = slices.DeleteFunc(slices.Clone(batch), func(e consumer.Event) bool { return s.handled[e.ID] })
		for _, e := range batch {
			t.writes = append(t.writes, func() { s.handled[e.ID] = true })
		}
	}
	s.current = t
	defer func() { s.current = nil }()
	if err := s.handle(context.Background(), nil, batch); err != nil {
		return nil, nil, err
	}
	return t.events, t.commit, nil
}

func (s *Store) addProducts(_ context.Context, _ *pg.Tx, products []domain.Product) error {
	for _, p := range products {
		_, known := s.stock[p.ID()]
		if _, fresh := s.current.fresh[p.ID()]; known || fresh {
			continue
		}
		made := domain.NewStock(p, s.now())
		s.current.fresh[p.ID()] = made
		s.current.writes = append(s.current.writes, func() { s.set(made) })
		s.current.events = append(s.current.events, events.ToOutbox(domain.LevelChanged(made)))
	}
	return nil
}

func (s *Store) set(next domain.Stock) {
	id := next.ProductID()
	if known, ok := s.stock[id]; ok {
		s.before[id] = known
	} else {
		s.products = append(s.products, id)
	}
	s.stock[id] = next
}

func (s *Store) applyOrders(_ context.Context, _ *pg.Tx, orders []domain.InboundEvent) error {
	decision, err := domain.Decide(s.load(orders), orders, s.now())
	if err != nil {
		return err
	}
	t := s.current
	t.writes = append(t.writes, func() { s.write(decision) })
	levels := decision.Levels()
	t.events = append(t.events, toOutbox(append(decision.Events, domain.LevelsChanged(levels.Now)...)...)...)
	t.writes = append(t.writes, func() {
		for _, id := range append(levels.Soon, levels.Later...) {
			s.levels[id] = true
		}
	})
	return nil
}

// load reads the reservations of orders, and the stock that they name.
func (s *Store) load(orders []domain.InboundEvent) domain.Loaded {
	loaded := domain.Loaded{Reservations: map[uuid.UUID]domain.Reservation{}, Stock: map[uuid.UUID]domain.Stock{}}
	add := func(lines []domain.Line) {
		for _, line := range lines {
			row, known := s.current.fresh[line.ProductID]
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
			add(r.Lines())
		}
	}
	return loaded
}

func (s *Store) write(d domain.Decision) {
	for _, change := range d.Stock {
		s.set(change.After)
	}
	for _, r := range append(slices.Clone(d.New), d.Changed...) {
		if s.cfg.Bugs.ForgetRelease && r.State() == domain.Released && len(r.Lines()) > 0 {
			continue
		}
		if _, known := s.reservations[r.OrderID()]; !known {
			s.orders = append(s.orders, r.OrderID())
		}
		s.reservations[r.OrderID()] = r
	}
	s.ledger = append(s.ledger, d.Movements...)
}

// Adjust adds delta to what is on hand of a product; false when that is refused or
// the product is not known here yet.
func (s *Store) Adjust(product uuid.UUID, delta int64) (published []outbox.Event, commit func(), done bool) {
	row, known := s.stock[product]
	if !known {
		return nil, nil, false
	}
	after, movement, err := row.Adjust(delta, "", domain.Cause{Time: s.now(), Actor: "staff"})
	if err != nil {
		return nil, nil, false
	}
	return []outbox.Event{events.ToOutbox(domain.LevelChanged(after))}, func() {
		s.set(after)
		s.ledger = append(s.ledger, movement)
	}, true
}

// LevelsWait reports whether levels are to be published.
func (s *Store) LevelsWait() bool { return len(s.levels) > 0 }

// PublishLevels publishes the levels that changed in this process.
func (s *Store) PublishLevels() (published []outbox.Event, commit func()) {
	return toOutbox(domain.LevelsChanged(s.sorted(func(row domain.Stock) bool { return s.levels[row.ProductID()] }))...),
		func() { clear(s.levels) }
}

// Restart loses what the process had in memory, and publishes every level again:
// all that happens here lies in the window of a day that is published.
func (s *Store) Restart() (published []outbox.Event, commit func()) {
	clear(s.levels)
	return toOutbox(domain.LevelsChanged(s.sorted(func(domain.Stock) bool { return true }))...), func() {}
}

func toOutbox(all ...domain.Event) []outbox.Event {
	published := make([]outbox.Event, len(all))
	for i, e := range all {
		published[i] = events.ToOutbox(e)
	}
	return published
}

func (s *Store) sorted(which func(domain.Stock) bool) []domain.Stock {
	var rows []domain.Stock
	for _, id := range s.products {
		if row := s.stock[id]; which(row) {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b domain.Stock) int {
		x, y := a.ProductID(), b.ProductID()
		return bytes.Compare(x[:], y[:])
	})
	return rows
}

// Overdue is the earliest expiry of a reservation that is still held; zero when
// none is.
func (s *Store) Overdue() time.Time {
	var first time.Time
	for _, kept := range s.reservations {
		r := kept.Snapshot()
		if r.State == domain.Reserved && (first.IsZero() || r.ExpireTime.Before(first)) {
			first = r.ExpireTime
		}
	}
	return first
}

// RepublishExpired publishes the reservations again that outlived their orders, from
// the mark of the last pass on, and names their orders.
func (s *Store) RepublishExpired() (orders []uuid.UUID, published []outbox.Event, commit func()) {
	until := domain.ExpiredUntil(s.now())
	var expired []domain.Expired
	for _, kept := range s.reservations {
		r := kept.Snapshot()
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
		orders = append(orders, e.OrderID)
		published = append(published, events.ToOutbox(e.Event()))
	}
	mark := domain.NextMark(until, expired)
	return orders, published, func() {
		if mark.After(s.mark) {
			s.mark = mark
		}
	}
}
