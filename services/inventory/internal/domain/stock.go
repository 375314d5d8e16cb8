package domain

import (
	"fmt"
	"strconv"
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

// Stock is how much there is of one product. 0 <= Reserved <= OnHand always.
type Stock struct {
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
	return Stock{ProductID: p.ID, ProductCode: p.Code, Version: 1, UpdateTime: now}
}

// Available counts the pieces that can be ordered.
func (s Stock) Available() int64 { return s.OnHand - s.Reserved }

// Crosses reports whether the product ran out, or came back, between s and next.
func (s Stock) Crosses(next Stock) bool { return (s.Available() == 0) != (next.Available() == 0) }

// plentyFrom is the level above which there is plenty.
const plentyFrom = 100

// Plenty reports whether so much can be ordered that shoppers need not learn at once
// that it became less or more.
func (s Stock) Plenty() bool { return s.Available() > plentyFrom }

// Adjust adds delta to what is on hand. It refuses to leave less than is reserved
// (STOCK_INSUFFICIENT) or more than MaxAdjusted (STOCK_TOO_LARGE).
func (s Stock) Adjust(delta int64, now time.Time) (Stock, error) {
	if delta == 0 || delta < -MaxDelta || delta > MaxDelta {
		return Stock{}, fault.Fields(fault.Violation{
			Field:       "delta",
			Description: fmt.Sprintf("%d is not between -%d and %d, without 0", delta, MaxDelta, MaxDelta),
		})
	}
	if delta < 0 && s.Available()+delta < 0 {
		return Stock{}, s.insufficient(delta)
	}
	if delta > 0 && s.OnHand+delta > MaxAdjusted {
		return Stock{}, fault.New(fault.FailedPrecondition, ReasonStockTooLarge,
			"%s has %d on hand: %d more would exceed %d; add at most %d",
			s.ProductCode, s.OnHand, delta, MaxAdjusted, max(0, MaxAdjusted-s.OnHand)).
			With("product_code", s.ProductCode).With("on_hand", strconv.FormatInt(s.OnHand, 10))
	}
	s.OnHand += delta
	return s.changed(now), nil
}

func (s Stock) insufficient(delta int64) *fault.Error {
	return fault.New(fault.FailedPrecondition, ReasonStockInsufficient,
		"%s has %d on hand, of which %d are reserved: %d can't be taken; take at most %d",
		s.ProductCode, s.OnHand, s.Reserved, -delta, s.Available()).
		With("product_code", s.ProductCode).
		With("on_hand", strconv.FormatInt(s.OnHand, 10)).
		With("reserved", strconv.FormatInt(s.Reserved, 10)).
		With("available", strconv.FormatInt(s.Available(), 10))
}

func (s Stock) changed(now time.Time) Stock {
	s.Version++
	s.UpdateTime = now
	return s
}
