package domain

import (
	"testing"

	"github.com/shopmesh/shopmesh/kit/money"
)

func TestLargeRefundsNeedAStepUp(t *testing.T) {
	t.Parallel()
	set := Settings{RefundStepUpLimits: map[string]int64{"EUR": 500, "": 100}}
	alone := Settings{RefundStepUpLimits: map[string]int64{"EUR": 500}}
	for _, row := range []struct {
		set  Settings
		sum  money.Money
		want bool
	}{
		{set, money.Money{Currency: "EUR", Amount: 500}, false},
		{set, money.Money{Currency: "EUR", Amount: 501}, true},
		{set, money.Money{Currency: "JPY", Amount: 100}, false},
		{set, money.Money{Currency: "JPY", Amount: 101}, true},
		{alone, money.Money{Currency: "JPY", Amount: 1}, true},
		{Settings{RefundStepUpLimits: map[string]int64{"": 0}}, money.Money{Currency: "EUR", Amount: 1}, true},
	} {
		if got := row.set.RefundsNeedStepUp(row.sum); got != row.want {
			t.Errorf("%v with %v: %v", row.sum, row.set.RefundStepUpLimits, got)
		}
	}
}
