// Package money holds exact amounts: whole minor units of an ISO 4217 currency,
// checked against overflow. There is no floating point anywhere in it.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/bojanz/currency"
)

// The ways in which an amount can be refused. Errors of this package wrap one of
// them and name the value.
var (
	// ErrCurrency is a code that ISO 4217 does not know.
	ErrCurrency = errors.New("not an ISO 4217 currency code")
	// ErrMixed is arithmetic over two currencies.
	ErrMixed = errors.New("amounts are in different currencies")
	// ErrOverflow is an amount that an int64 of minor units can't hold.
	ErrOverflow = errors.New("amount is too large")
	// ErrSyntax is text that is no decimal number.
	ErrSyntax = errors.New("not a decimal amount")
	// ErrPrecision is an amount finer than the currency's minor unit.
	ErrPrecision = errors.New("amount is finer than the currency's smallest unit")
)

// Money is an amount of one currency. The zero Money has no currency, and is the
// neutral element of Add and Sub.
type Money struct {
	// Currency is the ISO 4217 code: "EUR".
	Currency string
	// Amount counts minor units: cents of EUR, yen of JPY, fils of KWD.
	Amount int64
}

// Valid reports whether code is an ISO 4217 code, in capitals.
func Valid(code string) bool {
	// The library takes "" for valid: the code of its own zero amount.
	return code != "" && currency.IsValid(code)
}

// Digits returns how many decimal digits the currency's minor unit has, 0 to 4;
// 0 when the code is not known.
func Digits(code string) int {
	digits, ok := currency.GetDigits(code)
	if !ok {
		return 0
	}
	return int(digits)
}

// New returns amount minor units of a currency; ErrCurrency when the code is not
// known.
func New(code string, amount int64) (Money, error) {
	if !Valid(code) {
		return Money{}, fmt.Errorf("%w: %q", ErrCurrency, code)
	}
	return Money{Currency: code, Amount: amount}, nil
}

// Parse reads a decimal amount such as "12.34" or "-3". It refuses a thousands
// separator, an exponent, and more decimals than the currency has, unless they
// are zeros.
func Parse(text, code string) (Money, error) {
	if !Valid(code) {
		return Money{}, fmt.Errorf("%w: %q", ErrCurrency, code)
	}
	digits := strings.TrimPrefix(text, "-")
	negative := len(digits) != len(text)
	whole, fraction, dotted := strings.Cut(digits, ".")
	if whole == "" || (dotted && fraction == "") || !allDigits(whole) || !allDigits(fraction) {
		return Money{}, fmt.Errorf("%w: %q", ErrSyntax, text)
	}
	places := Digits(code)
	if len(fraction) > places {
		if strings.Trim(fraction[places:], "0") != "" {
			return Money{}, fmt.Errorf("%w: %s has %d decimals, got %q", ErrPrecision, code, places, text)
		}
		fraction = fraction[:places]
	}
	fraction += strings.Repeat("0", places-len(fraction))
	magnitude := whole + fraction
	if negative {
		magnitude = "-" + magnitude
	}
	amount, err := strconv.ParseInt(magnitude, 10, 64)
	if err != nil {
		return Money{}, fmt.Errorf("%w: %q", ErrOverflow, text)
	}
	return Money{Currency: code, Amount: amount}, nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Add returns m + o; ErrMixed or ErrOverflow.
func (m Money) Add(o Money) (Money, error) {
	code, err := m.common(o)
	if err != nil {
		return Money{}, err
	}
	sum := m.Amount + o.Amount
	// Two addends of one sign can't give a sum of the other.
	if (m.Amount >= 0) == (o.Amount >= 0) && (sum >= 0) != (m.Amount >= 0) {
		return Money{}, fmt.Errorf("%w: %s plus %s", ErrOverflow, m, o)
	}
	return Money{Currency: code, Amount: sum}, nil
}

// Sub returns m - o; ErrMixed or ErrOverflow.
func (m Money) Sub(o Money) (Money, error) {
	code, err := m.common(o)
	if err != nil {
		return Money{}, err
	}
	difference := m.Amount - o.Amount
	if (m.Amount >= 0) != (o.Amount >= 0) && (difference >= 0) != (m.Amount >= 0) {
		return Money{}, fmt.Errorf("%w: %s minus %s", ErrOverflow, m, o)
	}
	return Money{Currency: code, Amount: difference}, nil
}

// Mul returns m taken n times; ErrOverflow.
func (m Money) Mul(n int64) (Money, error) {
	high, low := bits.Mul64(magnitude(m.Amount), magnitude(n))
	negative := (m.Amount < 0) != (n < 0)
	limit := uint64(math.MaxInt64)
	if negative {
		limit++
	}
	if high != 0 || low > limit {
		return Money{}, fmt.Errorf("%w: %s times %d", ErrOverflow, m, n)
	}
	if negative {
		return Money{Currency: m.Currency, Amount: -int64(low)}, nil
	}
	return Money{Currency: m.Currency, Amount: int64(low)}, nil
}

// magnitude returns |n|, which for the smallest int64 only a uint64 can hold.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func (m Money) common(o Money) (string, error) {
	switch {
	case m.Currency == o.Currency || o == Money{}:
		return m.Currency, nil
	case m == Money{}:
		return o.Currency, nil
	default:
		return "", fmt.Errorf("%w: %s and %s", ErrMixed, m.Currency, o.Currency)
	}
}

// IsZero reports whether the amount is nothing, in whatever currency.
func (m Money) IsZero() bool { return m.Amount == 0 }

// Decimal returns the amount without its currency: "12.34", "-0.05", "7".
func (m Money) Decimal() string {
	text := strconv.FormatUint(magnitude(m.Amount), 10)
	if places := Digits(m.Currency); places > 0 {
		if missing := places + 1 - len(text); missing > 0 {
			text = strings.Repeat("0", missing) + text
		}
		text = text[:len(text)-places] + "." + text[len(text)-places:]
	}
	if m.Amount < 0 {
		return "-" + text
	}
	return text
}

// String returns "12.34 EUR".
func (m Money) String() string { return strings.TrimSuffix(m.Decimal()+" "+m.Currency, " ") }
