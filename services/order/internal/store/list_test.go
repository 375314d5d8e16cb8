package store

import (
	"fmt"
	"os"
	"testing"

	"github.com/bojanz/currency"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Amounts in filters have the digits that money gives each currency.
func TestAmountsInFiltersHaveTheirCurrencysDigits(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, os.DirFS("../../migrations"))
	for _, code := range currency.GetCurrencyCodes() {
		var got string
		err := pool.QueryRow(t.Context(), fmt.Sprintf(`select trim_scale(%s)::text from (select $1::text as currency) as o`, inMajorUnit("1000000")), code).Scan(&got)
		want := map[int]string{0: "1000000", 2: "10000", 3: "1000", 4: "100"}[money.Digits(code)]
		if err != nil || got != want {
			t.Errorf("%s: a million of its minor unit is %s, want %s, %v", code, got, want, err)
		}
	}
}
