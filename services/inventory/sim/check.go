package sim

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
)

// watched is what was seen of a reservation at the last check: it never goes back.
type watched struct {
	version int64
	state   domain.State
}

// moves are the ways of a reservation; a state that is no key is its end.
var moves = map[domain.State][]domain.State{
	domain.Reserved:  {domain.Committed, domain.Released, domain.Restocked},
	domain.Committed: {domain.Restocked},
}

// Check finds what must never be in stock, reservations and ledger, between any
// two steps. order is the one that is concerned, or the nil id.
func (s *Store) Check() (order uuid.UUID, what string) {
	reserved := make(map[uuid.UUID]int64, len(s.stock))
	for _, id := range s.orders {
		r := s.reservations[id].Snapshot()
		seen, again := s.seen[id]
		if again && (r.Version < seen.version || r.State != seen.state && (r.Version == seen.version || !slices.Contains(moves[seen.state], r.State))) {
			return id, fmt.Sprintf("the reservation went from %s at version %d to %s at %d", seen.state, seen.version, r.State, r.Version)
		}
		s.seen[id] = watched{r.Version, r.State}
		if r.State != domain.Reserved {
			continue
		}
		for _, line := range r.Lines {
			reserved[line.ProductID] += line.Quantity
		}
	}
	onHand := make(map[uuid.UUID]int64, len(s.stock))
	for _, m := range s.ledger {
		onHand[m.ProductID] += m.Delta
		if onHand[m.ProductID] != m.OnHandAfter || m.OnHandAfter < 0 {
			return m.OrderID, fmt.Sprintf("the ledger of %s sums to %d where %d was left", m.ProductCode, onHand[m.ProductID], m.OnHandAfter)
		}
	}
	for _, id := range s.products {
		row := s.stock[id].Snapshot()
		switch {
		case row.Reserved < 0 || row.OnHand < row.Reserved:
			return uuid.Nil, fmt.Sprintf("oversold: %s has %d on hand and %d reserved", row.ProductCode, row.OnHand, row.Reserved)
		case row.Reserved != reserved[id]:
			return uuid.Nil, fmt.Sprintf("%s has %d reserved, its reservations hold %d", row.ProductCode, row.Reserved, reserved[id])
		case row.OnHand != onHand[id]:
			return uuid.Nil, fmt.Sprintf("%s has %d on hand, its ledger sums to %d", row.ProductCode, row.OnHand, onHand[id])
		}
	}
	return uuid.Nil, ""
}

// Reservation is the state of an order's reservation, such as "RESERVED"; empty
// when there is none.
func (s *Store) Reservation(order uuid.UUID) string {
	if r, ok := s.reservations[order]; ok {
		return r.State().String()
	}
	return ""
}

// Taken is how many pieces the ledger has that an order took in all, and gave back.
func (s *Store) Taken(order uuid.UUID) (taken, back int64) {
	for _, m := range s.ledger {
		switch {
		case m.OrderID != order:
		case m.Kind == domain.Sale:
			taken -= m.Delta
		case m.Kind == domain.Restock:
			back += m.Delta
		}
	}
	return taken, back
}

// Level is how many of a product can be ordered.
type Level struct {
	ID        uuid.UUID
	Available int64
	Version   int64
}

// Levels are the levels of all products, by id.
func (s *Store) Levels() []Level {
	var levels []Level
	for _, row := range s.sorted(func(domain.Stock) bool { return true }) {
		levels = append(levels, Level{ID: row.ProductID(), Available: row.Available(), Version: row.Version()})
	}
	return levels
}
