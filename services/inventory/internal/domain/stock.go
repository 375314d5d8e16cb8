package domain

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

const (
	// MaxAdjusted is the most pieces of one product that an adjustment may leave on
	// hand. The table's own bound lies above it: what a cancelled order gives back
	// must fit whatever was adjusted meanwhile.
	MaxAdjusted int64 = 1_000_000_000_000_000
	// MaxDelta is the most that one adjustment adds or takes.
	MaxDelta int64 = 1_000_000_000
	// MaxReasonLength bounds an adjustment's reason, in characters.
	MaxReasonLength = 500
)

// Stock is how much there is of one product. Each of its moves returns the stock as it
// is then, and refuses one after which 0 <= Reserved <= OnHand would not hold. The zero
// Stock is that of a product without any.
type Stock struct {
	s StockSnapshot
}

// StockSnapshot is a stock as it is stored.
type StockSnapshot struct {
	ProductID   uuid.UUID
	ProductCode string
	// OnHand counts the pieces in the house.
	OnHand int64
	// Reserved counts those promised to orders that are not paid yet.
	Reserved int64
	// Version counts the changes, from 1.
	Version    int64
	UpdateTime time.Time
}

// NewStock is the stock of a product that is new here: nothing.
func NewStock(p Product, now time.Time) Stock {
	return Stock{StockSnapshot{ProductID: p.id, ProductCode: p.code, Version: 1, UpdateTime: now}}
}

// NoStock is the stock of a product that the catalog has and that is not known here yet:
// nothing, and never changed.
func NoStock(p Product) Stock { return Stock{StockSnapshot{ProductID: p.id, ProductCode: p.code}} }

// RestoreStock returns a stock as it was stored.
func RestoreStock(s StockSnapshot) Stock { return Stock{s} }

// Snapshot returns the stock as it is stored.
func (s Stock) Snapshot() StockSnapshot { return s.s }

// ProductID returns whose stock it is.
func (s Stock) ProductID() uuid.UUID { return s.s.ProductID }

// ProductCode names the product to people.
func (s Stock) ProductCode() string { return s.s.ProductCode }

// OnHand counts the pieces in the house.
func (s Stock) OnHand() int64 { return s.s.OnHand }

// Reserved counts the pieces that are promised to orders that are not paid yet.
func (s Stock) Reserved() int64 { return s.s.Reserved }

// Available counts the pieces that can be ordered.
func (s Stock) Available() int64 { return s.s.OnHand - s.s.Reserved }

// Version counts the changes, from 1; 0 when the product was never known here.
func (s Stock) Version() int64 { return s.s.Version }

// UpdateTime returns when it changed last; zero when the product was never known here.
func (s Stock) UpdateTime() time.Time { return s.s.UpdateTime }

// Crosses reports whether the product ran out, or came back, between s and next.
func (s Stock) Crosses(next Stock) bool { return (s.Available() == 0) != (next.Available() == 0) }

// plentyFrom is the level above which there is plenty.
const plentyFrom = 100

// Plenty reports whether so much can be ordered that shoppers need not learn at once
// that it became less or more.
func (s Stock) Plenty() bool { return s.Available() > plentyFrom }

// Adjust adds delta to what is on hand, and returns the ledger's line of it. It refuses
// to leave less than is reserved (STOCK_INSUFFICIENT) or more than MaxAdjusted
// (STOCK_TOO_LARGE).
func (s Stock) Adjust(delta int64, reason string, cause Cause) (Stock, Movement, error) {
	if delta == 0 || delta < -MaxDelta || delta > MaxDelta {
		return Stock{}, Movement{}, fault.Fields(fault.Violation{
			Field:       "delta",
			Description: fmt.Sprintf("%d is not between -%d and %d, without 0", delta, MaxDelta, MaxDelta),
		})
	}
	if delta < 0 && s.Available()+delta < 0 {
		return Stock{}, Movement{}, errStockInsufficient(s, delta)
	}
	if delta > 0 && s.s.OnHand+delta > MaxAdjusted {
		return Stock{}, Movement{}, errStockTooLarge(s, delta)
	}
	s.s.OnHand += delta
	s = s.changed(cause.Time)
	m := s.movement(Adjustment, delta, cause)
	m.Reason = reason
	return s, m, nil
}

// Reserve promises pieces to an order.
func (s Stock) Reserve(quantity int64) (Stock, error) {
	s.s.Reserved += quantity
	return s.checked()
}

// Release takes back what was promised to an order.
func (s Stock) Release(quantity int64) (Stock, error) {
	s.s.Reserved -= quantity
	return s.checked()
}

// Commit takes the pieces that were promised to an order.
func (s Stock) Commit(quantity int64) (Stock, error) {
	s.s.Reserved -= quantity
	s.s.OnHand -= quantity
	return s.checked()
}

// Restock gives back what an order had taken.
func (s Stock) Restock(quantity int64) (Stock, error) {
	s.s.OnHand += quantity
	return s.checked()
}

// checked refuses a stock that can't be. An error means that stock and reservations
// contradict each other.
func (s Stock) checked() (Stock, error) {
	if s.s.Reserved < 0 || s.s.OnHand < s.s.Reserved {
		return Stock{}, fmt.Errorf("product %s would have %d on hand and %d reserved", s.s.ProductID, s.s.OnHand, s.s.Reserved)
	}
	return s, nil
}

// sameLevel reports whether other has as much on hand and reserved.
func (s Stock) sameLevel(other Stock) bool {
	return s.s.OnHand == other.s.OnHand && s.s.Reserved == other.s.Reserved
}

// changed counts a change. A batch counts one, however many moves it makes.
func (s Stock) changed(now time.Time) Stock {
	s.s.Version++
	s.s.UpdateTime = now
	return s
}

// movement is the ledger's line of a change that led to s.
func (s Stock) movement(kind MovementKind, delta int64, cause Cause) Movement {
	return Movement{
		ProductID: s.s.ProductID, ProductCode: s.s.ProductCode, Kind: kind, Delta: delta, OnHandAfter: s.s.OnHand,
		Actor: cause.Actor, TraceID: cause.TraceID, CreateTime: cause.Time,
	}
}
