// Package moneypb translates between exact amounts and google.type.Money, so
// that a domain that counts money stays free of protobuf.
package moneypb

import (
	"errors"
	"fmt"

	pb "google.golang.org/genproto/googleapis/type/money"

	"github.com/shopmesh/shopmesh/kit/money"
)

// nanosPerUnit is the scale of google.type.Money.nanos.
const nanosPerUnit = 1_000_000_000

// The ways in which a google.type.Money can break its own contract
// (google/type/money.proto); the errors of package money come on top.
var (
	// ErrMissing is an amount that was not given.
	ErrMissing = errors.New("no amount given")
	// ErrNanos is a count of nanos of a whole unit or more.
	ErrNanos = errors.New("nanos must be between -999,999,999 and 999,999,999")
	// ErrSigns is a mix of positive and negative parts.
	ErrSigns = errors.New("units and nanos must have the same sign")
)

// FromProto reads a google.type.Money. It refuses what it can't hold exactly:
// nanos below the currency's minor unit, parts of mixed signs, |nanos| of a unit
// or more, an unknown currency, and an amount beyond an int64 of minor units.
func FromProto(amount *pb.Money) (money.Money, error) {
	if amount == nil {
		return money.Money{}, ErrMissing
	}
	code, units, nanos := amount.GetCurrencyCode(), amount.GetUnits(), int64(amount.GetNanos())
	if !money.Valid(code) {
		return money.Money{}, fmt.Errorf("%w: %q", money.ErrCurrency, code)
	}
	if nanos <= -nanosPerUnit || nanos >= nanosPerUnit {
		return money.Money{}, fmt.Errorf("%w: %d", ErrNanos, nanos)
	}
	if (units > 0 && nanos < 0) || (units < 0 && nanos > 0) {
		return money.Money{}, fmt.Errorf("%w: %d and %d", ErrSigns, units, nanos)
	}
	scale := minorPerUnit(code)
	nanosPerMinor := nanosPerUnit / scale
	if nanos%nanosPerMinor != 0 {
		return money.Money{}, fmt.Errorf("%w: %s has %d decimals, got %d nanos",
			money.ErrPrecision, code, money.Digits(code), nanos)
	}
	whole, err := money.Money{Currency: code, Amount: units}.Mul(scale)
	if err != nil {
		return money.Money{}, fmt.Errorf("%w: %d units of %s", money.ErrOverflow, units, code)
	}
	return whole.Add(money.Money{Currency: code, Amount: nanos / nanosPerMinor})
}

// Proto returns the amount as a google.type.Money.
func Proto(m money.Money) *pb.Money {
	scale := minorPerUnit(m.Currency)
	return &pb.Money{
		CurrencyCode: m.Currency,
		Units:        m.Amount / scale,
		Nanos:        int32(m.Amount % scale * (nanosPerUnit / scale)),
	}
}

func minorPerUnit(code string) int64 {
	scale := int64(1)
	for range money.Digits(code) {
		scale *= 10
	}
	return scale
}
