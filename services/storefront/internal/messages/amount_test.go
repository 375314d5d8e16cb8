package messages_test

import (
	"testing"

	moneytype "google.golang.org/genproto/googleapis/type/money"

	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/web"
)

// A sum is written as its language and its currency have it, the second time as the first, and
// however many there were between.
func TestAmountsAreWrittenByLanguage(t *testing.T) {
	t.Parallel()
	catalog, err := messages.Load(web.Files())
	if err != nil {
		t.Fatal(err)
	}
	english := catalog.In("en")
	sum := func(code string, units int64, nanos int32) *moneytype.Money {
		return &moneytype.Money{CurrencyCode: code, Units: units, Nanos: nanos}
	}
	for range 2 {
		for _, row := range []struct {
			language string
			sum      *moneytype.Money
			want     string
		}{
			{"en", sum("EUR", 1234, 500_000_000), "€1,234.50"},
			{"de", sum("EUR", 1234, 500_000_000), "1.234,50\u00a0€"},
			{"en", sum("JPY", 1700, 0), "¥1,700"},
			{"en", sum("KWD", 3, 250_000_000), "KWD\u00a03.250"},
			{"en", sum("EUR", -3, 0), "-€3.00"},
			{"en", sum("nothing", 3, 0), ""},
			{"en", nil, ""},
		} {
			if got := catalog.In(row.language).Amount(row.sum); got != row.want {
				t.Errorf("%s, %v: %q, want %q", row.language, row.sum, got, row.want)
			}
		}
		for units := range int64(10_001) {
			english.Amount(sum("EUR", units, 0))
		}
	}
}
