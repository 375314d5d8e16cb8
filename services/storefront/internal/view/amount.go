package view

import (
	"strconv"

	"github.com/bojanz/currency"
	moneytype "google.golang.org/genproto/googleapis/type/money"

	"github.com/shopmesh/shopmesh/kit/money/moneypb"
)

// Amount returns a sum as the page's language writes it, with as many decimals as the
// currency has.
func (p Page) Amount(sum *moneytype.Money) string {
	return FormatAmount(p.Texts.Language(), sum)
}

// FormatAmount returns a sum as a language writes it.
func FormatAmount(language string, sum *moneytype.Money) string {
	value, err := moneypb.FromProto(sum)
	if err != nil {
		return ""
	}
	amount, err := currency.NewAmount(value.Decimal(), sum.GetCurrencyCode())
	if err != nil {
		return value.Decimal() + " " + sum.GetCurrencyCode()
	}
	return currency.NewFormatter(currency.NewLocale(language)).Format(amount)
}

func (p Page) pageNumber(number int) string {
	return p.Texts.Fill("pager.here", "Number", strconv.Itoa(number))
}
