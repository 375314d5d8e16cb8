package money_test

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/kit/money"
)

func currencies() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"EUR", "USD", "JPY", "KWD", "CLF", "CHF"})
}

// amounts prefers the bounds, where arithmetic goes wrong.
func amounts() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1_000_000, 1_000_000),
		rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, math.MaxInt64 - 1, math.MaxInt64}))
}

// Whatever is added, subtracted or multiplied equals the sum over integers
// without bound, or is refused exactly when an int64 can't hold it.
func TestArithmeticIsExactOrRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		code := currencies().Draw(t, "currency")
		a, b := amounts().Draw(t, "a"), amounts().Draw(t, "b")
		left, right := money.Money{Currency: code, Amount: a}, money.Money{Currency: code, Amount: b}
		bigA, bigB := big.NewInt(a), big.NewInt(b)

		sum, err := left.Add(right)
		check(t, "add", sum, err, new(big.Int).Add(bigA, bigB))
		difference, err := left.Sub(right)
		check(t, "sub", difference, err, new(big.Int).Sub(bigA, bigB))
		product, err := left.Mul(b)
		check(t, "mul", product, err, new(big.Int).Mul(bigA, bigB))
	})
}

func check(t *rapid.T, op string, got money.Money, err error, want *big.Int) {
	t.Helper()
	if !want.IsInt64() {
		if !errors.Is(err, money.ErrOverflow) {
			t.Fatalf("%s: got %v, %v; want an overflow for %v", op, got, err, want)
		}
		return
	}
	if err != nil || got.Amount != want.Int64() {
		t.Fatalf("%s: got %v, %v; want %v", op, got, err, want)
	}
}

// Sums do not depend on how they are put together, as long as none is refused on
// the way, and what is taken away again leaves what was there.
func TestSumsDoNotDependOnTheirOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		code := currencies().Draw(t, "currency")
		a, b, c := drawn(t, code, "a"), drawn(t, code, "b"), drawn(t, code, "c")

		left, leftErr := sum(a, b, c)
		right, rightErr := sum(c, b, a)
		if leftErr == nil && rightErr == nil && left != right {
			t.Fatalf("%v, %v and %v sum to %v or %v", a, b, c, left, right)
		}
		ab, err := a.Add(b)
		ba, otherErr := b.Add(a)
		if ab != ba || (err == nil) != (otherErr == nil) {
			t.Fatalf("%v + %v = %v, %v; the other way %v, %v", a, b, ab, err, ba, otherErr)
		}
		if err == nil {
			if back, err := ab.Sub(b); err != nil || back != a {
				t.Fatalf("%v + %v - %v = %v, %v", a, b, b, back, err)
			}
		}
		if same, err := a.Add(money.Money{}); err != nil || same != a {
			t.Fatalf("%v and nothing = %v, %v", a, same, err)
		}
	})
}

// So many times an amount is the amount added so often.
func TestMulIsRepeatedAdd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		one := drawn(t, currencies().Draw(t, "currency"), "one")
		n := rapid.Int64Range(0, 12).Draw(t, "times")
		product, err := one.Mul(n)
		added, addErr := sum(money.Money{Currency: one.Currency}, slices.Repeat([]money.Money{one}, int(n))...)
		if (err == nil) != (addErr == nil) || err == nil && product != added {
			t.Fatalf("%d times %v = %v, %v; added %v, %v", n, one, product, err, added, addErr)
		}
	})
}

func drawn(t *rapid.T, code, label string) money.Money {
	return money.Money{Currency: code, Amount: amounts().Draw(t, label)}
}

func sum(first money.Money, rest ...money.Money) (money.Money, error) {
	for _, next := range rest {
		var err error
		if first, err = first.Add(next); err != nil {
			return money.Money{}, err
		}
	}
	return first, nil
}

// Zeros after the last decimal change nothing.
func TestZerosAtTheEndCountForNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawn(t, currencies().Draw(t, "currency"), "amount")
		text := want.Decimal()
		if !strings.Contains(text, ".") {
			text += "."
		}
		text += strings.Repeat("0", rapid.IntRange(1, 30).Draw(t, "zeros"))
		if got, err := money.Parse(text, want.Currency); err != nil || got != want {
			t.Fatalf("Parse(%q) = %v, %v; want %v", text, got, err, want)
		}
	})
}

func TestTextComesBackAsTheSameAmount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := money.Money{Currency: currencies().Draw(t, "currency"), Amount: amounts().Draw(t, "amount")}
		got, err := money.Parse(want.Decimal(), want.Currency)
		if err != nil || got != want {
			t.Fatalf("Parse(%q) = %v, %v; want %v", want.Decimal(), got, err, want)
		}
	})
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		text, currency string
		want           int64
		err            error
	}{
		{"12.34", "EUR", 1234, nil},
		{"12.3", "EUR", 1230, nil},
		{"12.3400", "EUR", 1234, nil},
		{"-0.05", "EUR", -5, nil},
		{"700", "JPY", 700, nil},
		{"700.0", "JPY", 700, nil},
		{"1.234", "KWD", 1234, nil},
		{"12.345", "EUR", 0, money.ErrPrecision},
		{"7.5", "JPY", 0, money.ErrPrecision},
		{"", "EUR", 0, money.ErrSyntax},
		{"-", "EUR", 0, money.ErrSyntax},
		{".5", "EUR", 0, money.ErrSyntax},
		{"5.", "EUR", 0, money.ErrSyntax},
		{"+5", "EUR", 0, money.ErrSyntax},
		{"--5", "EUR", 0, money.ErrSyntax},
		{"1e3", "EUR", 0, money.ErrSyntax},
		{"1,000", "EUR", 0, money.ErrSyntax},
		{"NaN", "EUR", 0, money.ErrSyntax},
		{"٣", "EUR", 0, money.ErrSyntax},
		{"92233720368547758.08", "EUR", 0, money.ErrOverflow},
		{"1", "eur", 0, money.ErrCurrency},
		{"1", "XYZ", 0, money.ErrCurrency},
	} {
		got, err := money.Parse(row.text, row.currency)
		if !errors.Is(err, row.err) || got.Amount != row.want {
			t.Errorf("Parse(%q, %q) = %v, %v; want %d, %v", row.text, row.currency, got, err, row.want, row.err)
		}
	}
}

func TestCurrenciesDoNotMix(t *testing.T) {
	t.Parallel()
	euro, yen := money.Money{Currency: "EUR", Amount: 1}, money.Money{Currency: "JPY", Amount: 1}
	if _, err := euro.Add(yen); !errors.Is(err, money.ErrMixed) {
		t.Errorf("euro plus yen: %v", err)
	}
	if _, err := euro.Sub(yen); !errors.Is(err, money.ErrMixed) {
		t.Errorf("euro minus yen: %v", err)
	}
	// A sum may begin with the zero Money, which has no currency yet.
	if sum, err := (money.Money{}).Add(euro); err != nil || sum != euro {
		t.Errorf("nothing plus euro = %v, %v", sum, err)
	}
	// A zero amount of a currency is not that: nothing in yen is still in yen.
	if _, err := euro.Add(money.Money{Currency: "JPY"}); !errors.Is(err, money.ErrMixed) {
		t.Errorf("euro plus no yen: %v", err)
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	for want, amount := range map[string]money.Money{
		"12.34 EUR":                 {Currency: "EUR", Amount: 1234},
		"-0.05 EUR":                 {Currency: "EUR", Amount: -5},
		"700 JPY":                   {Currency: "JPY", Amount: 700},
		"0.001 KWD":                 {Currency: "KWD", Amount: 1},
		"-92233720368547758.08 EUR": {Currency: "EUR", Amount: math.MinInt64},
	} {
		if got := amount.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The Caribbean guilder replaced the Netherlands Antillean one in 2025.
func TestTheCaribbeanGuilderIsACurrency(t *testing.T) {
	t.Parallel()
	amount, err := money.Parse("12.34", "XCG")
	if err != nil || amount.Amount != 1234 || money.Digits("XCG") != 2 {
		t.Fatalf("got %v, %v", amount, err)
	}
}
