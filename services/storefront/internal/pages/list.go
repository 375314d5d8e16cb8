package pages

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// cardsOnAPage is how many products a page of a list has.
const cardsOnAPage = 24

// The fields of a list's address.
const (
	minField, maxField, stockField, sortField = "min", "max", "stock", "sort"
	// pageField holds the token of a page, and numberField which one it is.
	pageField, numberField = "page", "n"
)

// orders are how a list can be sorted: the value in the address, the text's id, and the
// order of the contract. The first is the default.
func orders() [][3]string {
	return [][3]string{
		{"name", "sort.name", "name"},
		{"new", "sort.new", "create_time desc"},
		{"cheap", "sort.cheap", "price"},
		{"dear", "sort.dear", "price desc"},
	}
}

// list reads a page of products that fit scope and what the address filters by. It returns
// nil when the address names a page that is not there any more. keep are fields of the
// address that the filter's form keeps.
func (s *Server) list(v *visit, path, scope string, keep ...view.Attribute) (*view.ListPage, error) {
	query := v.request.URL.Query()
	bar, conditions := v.filterBar(query)
	bar.Action, bar.Hidden = v.url(path), keep
	kept := url.Values{}
	for _, field := range keep {
		kept.Set(field.Name, field.Value)
	}
	if bar.Min != "" || bar.Max != "" || bar.InStock {
		bar.Clear = withQuery(bar.Action, kept)
	}
	l := &view.ListPage{Filter: bar, Empty: v.texts.Say("list.empty"), Step: view.Link{Text: v.texts.Say("list.home"), Href: v.url("/")}}
	if bar.Clear != "" {
		l.Empty, l.Step = v.texts.Say("list.nothing"), view.Link{Text: v.texts.Say("filter.clear"), Href: bar.Clear}
	}
	if bar.MinError != "" || bar.MaxError != "" {
		return l, nil
	}
	if scope != "" {
		conditions = append([]string{scope}, conditions...)
	}
	req := &catalogv1.ListProductsRequest{
		PageSize: cardsOnAPage, PageToken: query.Get(pageField), Filter: strings.Join(append(conditions, sold), " AND "), OrderBy: orderOf(bar.Sort),
	}
	listed, err := s.Catalog.List(v.request.Context(), req)
	switch reason := reasonOf(err); {
	case reason == fault.ReasonPageTokenInvalid:
		return nil, nil // that the page is not there is no error: the list is
	case reason == fault.ReasonFilterInvalid:
		return l, nil // nothing is found by words that no product can have
	case err != nil:
		return nil, err
	}
	l.Products, l.Pager = listed.Products, v.pager(bar.Action, query, listed.Next)
	l.Count = v.countOf(len(listed.Products), listed.Total)
	return l, nil
}

// mostCounted is how far lists are counted (docs/decisions/0058).
const mostCounted = 10_000

// countOf tells how many products a list has, and how many of them its page shows.
func (v *visit) countOf(shown, total int) string {
	switch {
	case total > mostCounted:
		return v.texts.Fill("list.many", "Shown", v.texts.Number(shown), "Most", v.texts.Number(mostCounted))
	case shown < total:
		return v.texts.Count("list.some", total, "Shown", v.texts.Number(shown))
	default:
		return v.texts.Count("list.count", shown)
	}
}

// filterBar reads what the address filters by, and what of the filter of the contract that is.
func (v *visit) filterBar(query url.Values) (view.FilterBarData, []string) {
	bar := view.FilterBarData{Min: strings.TrimSpace(query.Get(minField)), Max: strings.TrimSpace(query.Get(maxField)), InStock: query.Get(stockField) != ""}
	for _, order := range orders() {
		bar.Sorts = append(bar.Sorts, view.Option{Value: order[0], Text: v.texts.Say(order[1])})
		if query.Get(sortField) == order[0] {
			bar.Sort = order[0]
		}
	}
	low, problem := v.price(bar.Min)
	bar.MinError = problem
	high, problem := v.price(bar.Max)
	bar.MaxError = problem
	var conditions []string
	if low != nil {
		conditions = append(conditions, "price >= "+low.Decimal())
	}
	if high != nil {
		conditions = append(conditions, "price <= "+high.Decimal())
	}
	if low != nil && high != nil && low.Amount > high.Amount {
		bar.MinError = v.texts.Say("filter.bad_range")
	}
	if bar.InStock {
		conditions = append(conditions, "available_quantity > 0")
	}
	return bar, conditions
}

// price reads a price in the shop's currency, and returns what is wrong with it; nil for none.
func (v *visit) price(text string) (*money.Money, string) {
	if text == "" {
		return nil, ""
	}
	if amount, ok := form.Amount(v.texts.Language(), text); ok {
		if price, err := money.Parse(amount, v.set.Currency); err == nil {
			return &price, ""
		}
	}
	return nil, v.texts.Fill("filter.bad_price", "Value", text, "Example", v.exampleAmount())
}

// exampleAmount is an amount as it can be typed: with the decimals of the currency.
func (v *visit) exampleAmount() string {
	sum, err := money.Parse("19", v.set.Currency)
	if err != nil {
		return "19"
	}
	return v.texts.Amount(moneypb.Proto(sum))
}

func orderOf(sort string) string {
	for _, order := range orders() {
		if order[0] == sort {
			return order[2]
		}
	}
	return orders()[0][2]
}

// pager leads from one page to the next. A page is named by what it begins after, so that it
// shows the same when products are added before it; its number is for people.
func (v *visit) pager(action string, query url.Values, next string) view.PagerData {
	number, err := strconv.Atoi(query.Get(numberField))
	if err != nil || number < 1 || query.Get(pageField) == "" {
		number = 1
	}
	d := view.PagerData{Number: number}
	if query.Get(pageField) != "" {
		d.First = withQuery(action, withoutPage(query))
	}
	if next != "" {
		following := withoutPage(query)
		following.Set(pageField, next)
		following.Set(numberField, strconv.Itoa(number+1))
		d.Next = withQuery(action, following)
	}
	return d
}

func withQuery(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// withoutPage is the address of a list's first page: the fields that there are, no others.
func withoutPage(query url.Values) url.Values {
	kept := url.Values{}
	for _, field := range []string{"q", minField, maxField, stockField, sortField} {
		if value := query.Get(field); value != "" {
			kept.Set(field, value)
		}
	}
	return kept
}

// redirectTo leads to a path with its own query, for now.
func (v *visit) redirectTo(path string) error {
	header := v.w.Header()
	v.protect()
	header.Set("Location", v.url(path))
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// summary is the beginning of a text, as search engines show it.
func summary(text string) string {
	const most = 160
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
