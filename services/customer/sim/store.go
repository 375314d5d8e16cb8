// Package sim runs customer's own decisions and translations of events on a store
// in memory, for the simulation of the whole shop. What ships does not import it.
//
// Every operation is one transaction. It returns the events of the transaction and a
// function that commits it; one that is not committed did not happen.
package sim

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/events"
)

// Store is customer: its table and its decisions.
type Store struct {
	now       func() time.Time
	customers []domain.Customer
}

// New returns a customer without customers.
func New(now func() time.Time) *Store {
	return &Store{now: func() time.Time { return now().UTC().Truncate(time.Microsecond) }}
}

// Register adds a customer.
func (s *Store) Register(id uuid.UUID, email string) (published []outbox.Event, commit func(), err error) {
	c, err := domain.NewCustomer(domain.CustomerFields{FirstName: "Ada", LastName: "Byron", Email: email},
		func() uuid.UUID { return id }, s.now())
	if err != nil {
		return nil, nil, err
	}
	return []outbox.Event{events.ToOutbox(c)}, func() { s.customers = append(s.customers, c) }, nil
}

// Erase blanks all that is known of the n-th customer. Erasing again publishes it again.
func (s *Store) Erase(n int) (published []outbox.Event, commit func()) {
	left, changed := s.customers[n].Erase(s.now())
	return []outbox.Event{events.ToOutbox(left)}, func() {
		if changed {
			s.customers[n] = left
		}
	}
}

// Restart republishes every erasure: all that happens here lies in the window of a
// day that is republished.
func (s *Store) Restart() []outbox.Event {
	var published []outbox.Event
	for _, c := range s.customers {
		if c.Snapshot().Erased {
			published = append(published, events.ToOutbox(c))
		}
	}
	return published
}

// Erased are the ids of the customers whose data was erased.
func (s *Store) Erased() []uuid.UUID {
	var ids []uuid.UUID
	for _, c := range s.customers {
		if c.Snapshot().Erased {
			ids = append(ids, c.Snapshot().ID)
		}
	}
	return ids
}
