package messages

import (
	"sync"

	"github.com/bojanz/currency"
	moneytype "google.golang.org/genproto/googleapis/type/money"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
)

// maxAmounts bounds the sums that are kept as they were written.
const maxAmounts = 10_000

// amounts are sums as a language writes them. A list writes one for each product, and the same
// ones again and again: making them was an eighth of what its page costs.
type amounts struct {
	formatter *currency.Formatter

	mu      sync.Mutex
	written map[money.Money]string
}

func newAmounts(language string) *amounts {
	return &amounts{formatter: currency.NewFormatter(currency.NewLocale(language)), written: make(map[money.Money]string)}
}

// Amount writes a sum as the language does, with as many decimals as the currency has; nothing for
// what is no sum.
func (t *Texts) Amount(sum *moneytype.Money) string {
	value, err := moneypb.FromProto(sum)
	if err != nil {
		return ""
	}
	return t.amounts.write(value)
}

func (a *amounts) write(value money.Money) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if text, ok := a.written[value]; ok {
		return text
	}
	text := value.Decimal() + " " + value.Currency
	if amount, err := currency.NewAmount(value.Decimal(), value.Currency); err == nil {
		text = a.formatter.Format(amount)
	}
	if len(a.written) >= maxAmounts {
		clear(a.written)
	}
	a.written[value] = text
	return text
}
