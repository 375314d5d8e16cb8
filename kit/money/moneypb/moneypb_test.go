package moneypb_test

import (
	"errors"
	"math"
	"testing"

	pb "google.golang.org/genproto/googleapis/type/money"
	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
)

// Every amount that we hold survives the wire, and is well-formed there.
func TestEveryAmountSurvivesTheWire(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := money.Money{
			Currency: rapid.SampledFrom([]string{"EUR", "JPY", "KWD", "CLF"}).Draw(t, "currency"),
			Amount: rapid.OneOf(rapid.Int64(), rapid.Int64Range(-10_000, 10_000),
				rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64})).Draw(t, "amount"),
		}
		got, err := moneypb.FromProto(moneypb.Proto(want))
		if err != nil || got != want {
			t.Fatalf("%v came back as %v, %v", want, got, err)
		}
	})
}

func TestFromProtoRefuses(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		in  *pb.Money
		err error
	}{
		"nothing":               {nil, moneypb.ErrMissing},
		"no currency":           {&pb.Money{Units: 1}, money.ErrCurrency},
		"unknown currency":      {&pb.Money{CurrencyCode: "EURO", Units: 1}, money.ErrCurrency},
		"small letters":         {&pb.Money{CurrencyCode: "eur", Units: 1}, money.ErrCurrency},
		"a unit in nanos":       {&pb.Money{CurrencyCode: "EUR", Nanos: 1_000_000_000}, moneypb.ErrNanos},
		"minus a unit in nanos": {&pb.Money{CurrencyCode: "EUR", Nanos: -1_000_000_000}, moneypb.ErrNanos},
		"signs":                 {&pb.Money{CurrencyCode: "EUR", Units: 1, Nanos: -10_000_000}, moneypb.ErrSigns},
		"signs, other way":      {&pb.Money{CurrencyCode: "EUR", Units: -1, Nanos: 10_000_000}, moneypb.ErrSigns},
		"half a cent":           {&pb.Money{CurrencyCode: "EUR", Nanos: 5_000_000}, money.ErrPrecision},
		"half a yen":            {&pb.Money{CurrencyCode: "JPY", Nanos: 500_000_000}, money.ErrPrecision},
		"too many cents":        {&pb.Money{CurrencyCode: "EUR", Units: math.MaxInt64}, money.ErrOverflow},
		"a cent too many":       {&pb.Money{CurrencyCode: "EUR", Units: 92_233_720_368_547_758, Nanos: 80_000_000}, money.ErrOverflow},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := moneypb.FromProto(row.in); !errors.Is(err, row.err) {
				t.Errorf("FromProto(%v) = %v, %v; want %v", row.in, got, err, row.err)
			}
		})
	}
}

func FuzzFromProto(f *testing.F) {
	f.Add("EUR", int64(12), int32(340_000_000))
	f.Add("JPY", int64(-7), int32(0))
	f.Fuzz(func(t *testing.T, code string, units int64, nanos int32) {
		in := &pb.Money{CurrencyCode: code, Units: units, Nanos: nanos}
		got, err := moneypb.FromProto(in)
		if err != nil {
			return
		}
		back := moneypb.Proto(got)
		if back.GetCurrencyCode() != code || back.GetUnits() != units || back.GetNanos() != nanos {
			t.Errorf("%v was read as %v, which is written as %v", in, got, back)
		}
	})
}
