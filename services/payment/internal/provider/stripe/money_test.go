package stripe

import (
	"math"
	"testing"

	"github.com/shopmesh/shopmesh/kit/money"
)

// Stripe's own examples, and where its count differs from ISO 4217's.
func TestAmountsAreCountedAsStripeDoes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		text, currency string
		minor          int64
	}{
		{"10", "USD", 1000},
		{"500", "JPY", 500},
		{"5.12", "KWD", 5120},
		{"5", "ISK", 500},
		{"5", "UGX", 500},
		{"10.45", "HUF", 1045},
		{"800.45", "TWD", 80045},
		{"7", "MGA", 7},
		{"12.34", "EUR", 1234},
	} {
		m, err := money.Parse(row.text, row.currency)
		if err != nil {
			t.Fatal(err)
		}
		minor, err := toMinor(m)
		if err != nil || minor != row.minor {
			t.Errorf("%s is %d, %v; want %d", m, minor, err, row.minor)
		}
		if back, err := fromMinor(row.currency, minor); err != nil || back != m {
			t.Errorf("%d %s is %s, %v; want %s", minor, row.currency, back, err, m)
		}
	}
	for _, m := range []money.Money{
		{Currency: "KWD", Amount: 5124}, {Currency: "MGA", Amount: 750}, {Currency: "ISK", Amount: math.MaxInt64 / 10},
	} {
		if minor, err := toMinor(m); err == nil {
			t.Errorf("%s is %d", m, minor)
		}
	}
	if m, err := fromMinor("isk", 550); err == nil {
		t.Errorf("half a krona is %s", m)
	}
	if m, err := fromMinor("zzz", 1); err == nil {
		t.Errorf("an unknown currency is %s", m)
	}
}
