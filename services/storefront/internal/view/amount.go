package view

import (
	"strconv"

	moneytype "google.golang.org/genproto/googleapis/type/money"
)

// Amount returns a sum as the page's language writes it, with as many decimals as the
// currency has.
func (p Page) Amount(sum *moneytype.Money) string { return p.Texts.Amount(sum) }

func (p Page) pageNumber(number int) string {
	return p.Texts.Fill("pager.here", "Number", strconv.Itoa(number))
}
