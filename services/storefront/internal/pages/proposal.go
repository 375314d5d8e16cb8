package pages

import (
	"fmt"
	"strconv"
	"strings"

	moneytype "google.golang.org/genproto/googleapis/type/money"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// proposal is what a visitor is asked to order: the cart, with no more of anything than there
// is, at the prices of now.
type proposal struct {
	cart  *orderv1.Cart
	quote *orderv1.OrderQuote
}

// propose makes the proposal of the visitor's cart. It returns nil for a cart that can't be
// ordered, which the cart's page explains.
func (s *Server) propose(v *visit, cart *orderv1.Cart) (*proposal, error) {
	if len(cart.GetLines()) == 0 || len(cart.GetUnavailableCodes()) > 0 {
		return nil, nil
	}
	stock, err := s.stockOf(v, cart)
	v.lacks("the stock of a cart", err)
	var lines []*orderv1.OrderLineRequest
	for _, line := range cart.GetLines() {
		if quantity := orderable(line, stock); quantity > 0 {
			lines = append(lines, &orderv1.OrderLineRequest{ProductCode: line.GetProductCode(), Quantity: quantity})
		}
	}
	if len(lines) == 0 {
		return nil, nil
	}
	quote, err := s.Orders.Quote(v.request.Context(), lines)
	switch reasonOf(err) {
	case reasonProductNotFound, reasonProductArchived, reasonCurrencyMixed, reasonTotalTooLarge:
		return nil, nil // it changed just now
	default:
		return &proposal{cart, quote}, err
	}
}

// orderable is how many of a line there are.
func orderable(line *orderv1.CartLine, stock map[string]int64) int32 {
	available, known := stock[line.GetProductCode()]
	if !known || available >= int64(line.GetQuantity()) {
		return line.GetQuantity()
	}
	return int32(max(available, 0)) //nolint:gosec // it is less than a quantity
}

// seen are the lines of a quote as a form carries them, so that what changed meanwhile can be
// told.
func seen(lines []*orderv1.OrderLine) []string {
	all := make([]string, len(lines))
	for i, line := range lines {
		all[i] = seenLine{code: line.GetProductCode(), name: line.GetName(), quantity: int(line.GetQuantity()), price: line.GetUnitPrice()}.String()
	}
	return all
}

// inCart are the lines of a cart in the same form.
func inCart(cart *orderv1.Cart) []string {
	all := make([]string, len(cart.GetLines()))
	for i, line := range cart.GetLines() {
		all[i] = seenLine{code: line.GetProductCode(), name: line.GetName(), quantity: int(line.GetQuantity()), price: line.GetUnitPrice()}.String()
	}
	return all
}

// amountOf writes a sum as a form carries it, such as "12.50,EUR"; empty for none.
func amountOf(sum *moneytype.Money) string {
	value, err := moneypb.FromProto(sum)
	if err != nil {
		return ""
	}
	return value.Decimal() + "," + sum.GetCurrencyCode()
}

// sumOf reads what amountOf wrote; nil for what it did not write.
func sumOf(text string) *moneytype.Money {
	amount, code, _ := strings.Cut(text, ",")
	sum, err := money.Parse(amount, code)
	if err != nil {
		return nil
	}
	return moneypb.Proto(sum)
}

// seenLine is a line that a form carried.
type seenLine struct {
	code, name string
	quantity   int
	price      *moneytype.Money
}

// String is the line as a form carries it: code, quantity, price and name.
func (l seenLine) String() string {
	return fmt.Sprintf("%s %d %s %s", l.code, l.quantity, amountOf(l.price), l.name)
}

// readSeen reads lines that a form carried; those that no page of ours wrote are left out.
func readSeen(texts []string) []seenLine {
	var lines []seenLine
	for _, text := range texts {
		parts := strings.SplitN(text, " ", 4)
		if len(parts) < 4 {
			continue
		}
		quantity, err := strconv.Atoi(parts[1])
		price := sumOf(parts[2])
		if err != nil || price == nil || !view.ValidCode(parts[0]) {
			continue
		}
		lines = append(lines, seenLine{code: parts[0], name: parts[3], quantity: quantity, price: price})
	}
	return lines
}

// changes tell what is not as it was seen: each line that differs, old and new.
func (v *visit) changes(texts []string, lines []*orderv1.OrderLine) []string {
	var told []string
	now := make(map[string]*orderv1.OrderLine, len(lines))
	for _, line := range lines {
		now[line.GetProductCode()] = line
	}
	before := make(map[string]bool)
	for _, was := range readSeen(texts) {
		before[was.code] = true
		line := now[was.code]
		if line == nil {
			told = append(told, v.texts.Fill("change.gone", "Name", was.name))
			continue
		}
		if was.quantity != int(line.GetQuantity()) {
			told = append(told, v.texts.Fill("change.quantity", "Name", line.GetName(), "Old", strconv.Itoa(was.quantity), "New", strconv.Itoa(int(line.GetQuantity()))))
		}
		if amountOf(was.price) != amountOf(line.GetUnitPrice()) {
			told = append(told, v.priceChange(was, line.GetName(), line.GetUnitPrice()))
		}
	}
	for _, line := range lines {
		if !before[line.GetProductCode()] {
			told = append(told, v.texts.Fill("change.added", "Name", line.GetName(), "New", strconv.Itoa(int(line.GetQuantity()))))
		}
	}
	return told
}

// priceChange tells that a line costs something else than it was seen for.
func (v *visit) priceChange(was seenLine, name string, price *moneytype.Money) string {
	return v.texts.Fill("change.price", "Name", name, "Old", v.amount(was.price), "New", v.amount(price))
}

// withTotal adds to changes, where there are any, that they come to another total.
func (v *visit) withTotal(told []string, before string, total *moneytype.Money) []string {
	if was := sumOf(before); len(told) > 0 && was != nil && before != amountOf(total) {
		told = append(told, v.texts.Fill("change.total", "Old", v.amount(was), "New", v.amount(total)))
	}
	return told
}

// amount returns a sum as the language writes it.
func (v *visit) amount(sum *moneytype.Money) string {
	return v.texts.Amount(sum)
}
