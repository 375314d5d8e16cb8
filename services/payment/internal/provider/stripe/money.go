package stripe

import (
	"fmt"
	"math"
	"strings"

	"github.com/shopmesh/shopmesh/kit/money"
)

// Stripe counts most currencies in hundredths, whatever ISO 4217 does. Those of no
// decimals and of three are listed at https://docs.stripe.com/currencies. Its special
// cases: ISK and UGX have no decimals and are still counted in hundredths; HUF and TWD
// are counted in hundredths when charged, and only paid out in whole units.
const (
	noDecimals    = " BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF "
	threeDecimals = " BHD JOD KWD OMR TND "
)

// decimals is how many Stripe counts a currency in.
func decimals(currency string) int {
	listed := func(list string) bool { return strings.Contains(list, " "+currency+" ") }
	switch {
	case listed(noDecimals):
		return 0
	case listed(threeDecimals):
		return 3
	default:
		return 2
	}
}

// toMinor returns an amount as Stripe counts it. An error means that it can't be
// charged: it is finer than what Stripe takes, or too large.
func toMinor(m money.Money) (int64, error) {
	ours, theirs := money.Digits(m.Currency), decimals(m.Currency)
	amount := m.Amount
	for ; ours < theirs; ours++ {
		if amount > math.MaxInt64/10 {
			return 0, fmt.Errorf("%s is more than Stripe can count", m)
		}
		amount *= 10
	}
	for ; ours > theirs; ours-- {
		if amount%10 != 0 {
			return 0, fmt.Errorf("%s is finer than what Stripe charges in %s", m, m.Currency)
		}
		amount /= 10
	}
	if theirs == 3 && amount%10 != 0 {
		return 0, fmt.Errorf("%s is finer than what Stripe charges in %s: the last digit must be 0", m, m.Currency)
	}
	return amount, nil
}

// fromMinor is the other way round. The currency is in small letters, as Stripe's is.
func fromMinor(currency string, amount int64) (money.Money, error) {
	m, err := money.New(strings.ToUpper(currency), amount)
	if err != nil {
		return money.Money{}, err
	}
	ours, theirs := money.Digits(m.Currency), decimals(m.Currency)
	for ; theirs < ours; theirs++ {
		if m.Amount > math.MaxInt64/10 || m.Amount < math.MinInt64/10 {
			return money.Money{}, fmt.Errorf("%w: %d %s", money.ErrOverflow, amount, currency)
		}
		m.Amount *= 10
	}
	for ; theirs > ours; theirs-- {
		if m.Amount%10 != 0 {
			return money.Money{}, fmt.Errorf("%w: %d %s", money.ErrPrecision, amount, currency)
		}
		m.Amount /= 10
	}
	return m, nil
}
