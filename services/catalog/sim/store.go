// Package sim runs catalog's own decisions and translations of events on a store in
// memory, for the simulation of the whole shop. What ships does not import it.
//
// Every operation is one transaction. It returns the events of the transaction and a
// function that commits it; one that is not committed did not happen.
package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/events"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
)

// Topics are those that catalog consumes.
var Topics = []string{events.StockTopic}

// Store is catalog: its tables and its decisions.
type Store struct {
	now      func() time.Time
	handle   consumer.Handler
	products []domain.Product
	levels   map[uuid.UUID]domain.Level
	seen     map[uuid.UUID]int64 // the levels' versions at the last check
	applying []domain.Level
}

// New returns an empty catalog.
func New(now func() time.Time) *Store {
	s := &Store{now: func() time.Time { return now().UTC().Truncate(time.Microsecond) }, levels: map[uuid.UUID]domain.Level{}, seen: map[uuid.UUID]int64{}}
	s.handle = events.NewHandler(events.Handlers{SetAvailability: func(_ context.Context, _ *pg.Tx, levels []domain.Level) error {
		s.applying = domain.Newest(levels)
		return nil
	}})
	return s
}

// Handle applies a batch of events.
func (s *Store) Handle(batch []consumer.Event) (published []outbox.Event, commit func(), err error) {
	if err := s.handle(context.Background(), nil, batch); err != nil {
		return nil, nil, err
	}
	levels := s.applying
	return nil, func() {
		for _, level := range levels {
			if known, ok := s.levels[level.ProductID]; !ok || known.Version < level.Version {
				s.levels[level.ProductID] = level
			}
		}
	}, nil
}

// Create adds a product.
func (s *Store) Create(id uuid.UUID, code string, price money.Money) (published []outbox.Event, commit func(), err error) {
	category := uuid.NewSHA1(id, []byte("category"))
	p, err := domain.NewProduct(domain.ProductFields{Code: code, Name: "Product " + code, CategoryID: category, Price: price}, id, s.now())
	if err != nil {
		return nil, nil, err
	}
	return []outbox.Event{events.ToOutbox(p)}, func() { s.products = append(s.products, p) }, nil
}

// SetPrice changes the price of the n-th product.
func (s *Store) SetPrice(n int, price money.Money) (published []outbox.Event, commit func(), err error) {
	next, changed, err := s.products[n].Change(domain.ProductChange{Price: &price}, s.now())
	if err != nil || !changed {
		return nil, func() {}, err
	}
	return []outbox.Event{events.ToOutbox(next)}, func() { s.products[n] = next }, nil
}

// Restart republishes every product: all that happens here lies in the window of a
// day that is republished.
func (s *Store) Restart() []outbox.Event {
	var published []outbox.Event
	for _, p := range s.products {
		published = append(published, events.ToOutbox(p))
	}
	return published
}

// Product returns the product of a code; nil when there is none.
func (s *Store) Product(code string) *catalogv1.Product {
	for _, p := range s.products {
		if p.Snapshot().Code == code {
			return protoconv.Product(p.Snapshot())
		}
	}
	return nil
}

// View is what others may compare a product with.
type View struct {
	ID      uuid.UUID
	Price   money.Money
	Version int64
	// Available and LevelVersion are the level that catalog knows.
	Available    int64
	LevelVersion int64
}

// Products are all products, as they were created.
func (s *Store) Products() []View {
	views := make([]View, len(s.products))
	for i, product := range s.products {
		p := product.Snapshot()
		level := s.levels[p.ID]
		views[i] = View{ID: p.ID, Price: p.Price, Version: p.Version, Available: level.Available, LevelVersion: level.Version}
	}
	return views
}

// Check looks for what must never be, between any two steps: a level that went back.
func (s *Store) Check() (none uuid.UUID, what string) {
	for _, product := range s.products {
		p := product.Snapshot()
		if now := s.levels[p.ID].Version; now < s.seen[p.ID] {
			return uuid.Nil, fmt.Sprintf("the level of %s went back from version %d to %d", p.Code, s.seen[p.ID], now)
		}
		s.seen[p.ID] = s.levels[p.ID].Version
	}
	return uuid.Nil, ""
}
